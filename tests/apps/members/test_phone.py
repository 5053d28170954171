"""The phone number: WeChat gives it for a code, and the shop asks only after consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.members.models import Member
from apps.members.services import consents
from apps.wechat.sandbox.control import Login, Sandbox
from tests.apps.members import make
from tests.conftest import Shopper
from tests.wechat.client import scripted

pytestmark = pytest.mark.django_db

ASKED = "/wxa/business/getuserphonenumber"
ShopperOf = Callable[[Member], Shopper]


def registered(login: Login, *, consent: bool = True) -> Member:
    """A member with WeChat's openid who agreed to the privacy policy."""
    member = make.member(openid=login.openid)
    make.privacy("1.0")
    if consent:
        consents.give(member=member, document="privacy", version="1.0", at=make.AT)
    return member


def test_after_consent_the_number_is_kept_and_shown_to_its_owner(
    wechat: Sandbox, shopper_of: ShopperOf
) -> None:
    login = wechat.login("小茶")
    me = shopper_of(registered(login))

    answer = me.call("POST", "/me/phone", {"code": wechat.phone_code(login.openid, phone="13912345678")})

    assert (answer.status_code, answer.json()["phone"]) == (200, "13912345678")
    assert me.call("GET", "/me").json()["phone"] == "13912345678"


def test_without_consent_wechat_is_not_even_asked(wechat: Sandbox, shopper_of: ShopperOf) -> None:
    login = wechat.login("小茶")
    member = registered(login, consent=False)

    answer = shopper_of(member).call("POST", "/me/phone", {"code": wechat.phone_code(login.openid)})

    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
    assert answer.json()["details"] == {"document": "privacy", "current_version": "1.0"}
    assert wechat.calls(ASKED) == []
    assert Member.objects.get(pk=member.pk).phone == ""


def test_while_no_policy_is_published_no_number_is_collected(wechat: Sandbox, shopper_of: ShopperOf) -> None:
    login = wechat.login("小茶")
    member = make.member(openid=login.openid)

    answer = shopper_of(member).call("POST", "/me/phone", {"code": wechat.phone_code(login.openid)})

    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
    assert wechat.calls(ASKED) == []


def test_a_code_works_once(wechat: Sandbox, shopper_of: ShopperOf) -> None:
    login = wechat.login("小茶")
    me = shopper_of(registered(login))
    code = wechat.phone_code(login.openid, phone="13912345678")
    me.call("POST", "/me/phone", {"code": code})

    again = me.call("POST", "/me/phone", {"code": code})

    assert (again.status_code, again.json()["code"]) == (400, "wechat_code_invalid")


def test_a_code_of_wx_login_is_no_phone_code(wechat: Sandbox, shopper_of: ShopperOf) -> None:
    login = wechat.login("小茶")
    me = shopper_of(registered(login))

    assert me.call("POST", "/me/phone", {"code": login.code}).status_code == 400


def test_somebody_elses_code_gives_nobody_their_number(wechat: Sandbox, shopper_of: ShopperOf) -> None:
    mine, theirs = wechat.login("小茶"), wechat.login("老王")
    member = registered(mine)

    answer = shopper_of(member).call("POST", "/me/phone", {"code": wechat.phone_code(theirs.openid)})

    assert (answer.status_code, answer.json()["code"]) == (400, "wechat_code_invalid")
    assert Member.objects.get(pk=member.pk).phone == ""


@pytest.mark.parametrize("code", ["", "有效", "a b", "x" * 5000, None, 7, ["a"], {"code": "a"}, "a\x00"])
def test_a_code_that_can_be_none_is_refused(wechat: Sandbox, shopper_of: ShopperOf, code: Any) -> None:
    me = shopper_of(registered(wechat.login("小茶")))

    assert me.call("POST", "/me/phone", {"code": code}).status_code == 400


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http_status", "status": 502},
        {"kind": "errcode", "errcode": -1, "errmsg": "system error"},
        {"kind": "garbage"},
        {"kind": "timeout_after_commit", "hang_s": 0},
    ],
    ids=lambda fault: fault["kind"],
)
def test_while_wechat_is_unwell_the_shopper_is_told_so(
    wechat: Sandbox, shopper_of: ShopperOf, fault: dict[str, Any]
) -> None:
    login = wechat.login("小茶")
    member = registered(login)
    wechat.fault(fault.pop("kind"), times=5, path=ASKED, **fault)

    answer = shopper_of(member).call("POST", "/me/phone", {"code": wechat.phone_code(login.openid)})

    assert answer.status_code in {502, 503, 504}
    assert answer.json()["code"] == "wechat_unavailable"
    assert Member.objects.get(pk=member.pk).phone == ""


def test_while_wechat_is_down_it_is_503(shopper_of: ShopperOf, wechat: Sandbox, settings: Any) -> None:
    me = shopper_of(registered(wechat.login("小茶")))
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"

    answer = me.call("POST", "/me/phone", {"code": "anything"})

    assert (answer.status_code, answer.json()["code"]) == (503, "wechat_unavailable")


@pytest.mark.parametrize(
    ("country_code", "kept"),
    [("86", "13912345678"), (86, "13912345678"), ("852", "+85213912345678"), ("1", "+113912345678")],
)
def test_a_number_from_abroad_keeps_its_country_code(
    settings: Any, shopper_of: ShopperOf, country_code: object, kept: str
) -> None:
    # The sandbox knows mainland numbers only, so WeChat's words are scripted here.
    member = registered(Login(code="", openid="oABC"))
    watermark = {"timestamp": 1, "appid": settings.WECHAT_APPID}
    told = {"purePhoneNumber": "13912345678", "countryCode": country_code, "watermark": watermark}
    with scripted.serving() as script:
        settings.WECHAT_API_BASE = script.base
        script.say(
            scripted.Reply(json.dumps({"access_token": "t", "expires_in": 7200}).encode()),
            scripted.Reply(json.dumps({"errcode": 0, "phone_info": told}).encode()),
        )
        answer = shopper_of(member).call("POST", "/me/phone", {"code": "any"})

    assert (answer.status_code, answer.json()["phone"]) == (200, kept)
