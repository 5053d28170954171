"""Logging in: WeChat vouches for the shopper, and a token dies when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.members.models import Member, Session, SpentRefresh
from apps.members.services import identity, sessions
from apps.outbox.models import Announcement
from apps.wechat.sandbox.control import Sandbox
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def test_a_first_login_registers_the_member_and_a_second_one_knows_them(
    anyone: Shopper, wechat: Sandbox
) -> None:
    first = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code}).json()
    second = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code}).json()

    assert first["member"]["is_new"] is True
    assert second["member"]["is_new"] is False
    assert first["member"]["id"] == second["member"]["id"]
    assert first["expires_in"] == 7200
    assert Member.objects.count() == 1
    assert list(Announcement.objects.values_list("kind", flat=True)) == ["MemberRegistered"]


def ranks() -> list[int]:
    return [row.payload["risk_rank"] for row in Announcement.objects.order_by("id")]


def test_wechat_is_asked_how_risky_a_newcomer_is_only_where_the_shop_says_so_and_only_once(
    anyone: Shopper, wechat: Sandbox, settings: Any
) -> None:
    anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code})
    assert wechat.calls("/wxa/getuserriskrank") == []
    settings.WECHAT_RISK_RANK = True
    wechat.fault("user_risk", rank=3)
    for _ in range(2):
        anyone.call("POST", "/auth/login", {"code": wechat.login("小满").code})
    anyone.call("POST", "/auth/login", {"code": wechat.login("小暑").code})
    assert len(wechat.calls("/wxa/getuserriskrank")) == 2
    assert ranks() == [0, 3, 0]


@pytest.mark.parametrize("errcode", [48001, 61010, 61080, 61081, -1])
def test_who_registers_is_welcome_where_wechat_has_no_opinion(
    anyone: Shopper, wechat: Sandbox, settings: Any, errcode: int
) -> None:
    settings.WECHAT_RISK_RANK = True
    wechat.fault("errcode", times=5, path="/wxa/getuserriskrank", errcode=errcode)
    answer = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code})
    assert (answer.status_code, ranks()) == (200, [0])


def test_a_new_member_starts_at_the_lowest_level(anyone: Shopper, wechat: Sandbox) -> None:
    make.level("金卡会员", rank=3, discount_bp=9000)
    make.level("普通会员", rank=1)

    welcome = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code}).json()

    assert welcome["member"]["level"]["name"] == "普通会员"


def test_the_answer_and_the_database_keep_openid_and_session_key_inside(
    anyone: Shopper, wechat: Sandbox
) -> None:
    login = wechat.login("小茶")
    answer = anyone.call("POST", "/auth/login", {"code": login.code})

    assert login.openid not in answer.content.decode()
    assert "session_key" not in answer.content.decode()


@pytest.mark.parametrize("code", ["", "never-issued", "有效", "x" * 5000, None, 7, ["a"]])
def test_a_bad_code_is_refused_with_400(anyone: Shopper, wechat: Sandbox, code: Any) -> None:
    answer = anyone.call("POST", "/auth/login", {"code": code})

    assert answer.status_code == 400
    assert Member.objects.count() == 0


def test_a_code_works_once(anyone: Shopper, wechat: Sandbox) -> None:
    code = wechat.login("小茶").code
    anyone.call("POST", "/auth/login", {"code": code})
    again = anyone.call("POST", "/auth/login", {"code": code})

    assert (again.status_code, again.json()["code"]) == (400, "wechat_code_invalid")


def test_while_wechat_is_down_login_says_so_with_503(anyone: Shopper, settings: Any) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"
    answer = anyone.call("POST", "/auth/login", {"code": "anything"})

    assert (answer.status_code, answer.json()["code"]) == (503, "wechat_unavailable")
    assert Member.objects.count() == 0


def test_only_hashes_of_tokens_are_stored() -> None:
    tokens = sessions.open_session(member=make.member(), at=make.AT)
    stored = Session.objects.values_list("access_hash", "refresh_hash").get()

    assert tokens.access not in stored
    assert tokens.refresh not in stored
    assert [len(value) for value in stored] == [64, 64]


def test_after_logout_the_access_token_is_dead_at_once(anyone: Shopper) -> None:
    tokens = sessions.open_session(member=make.member(), at=timezone.now())
    me = Shopper(tokens.access)
    assert me.call("GET", "/me").status_code == 200

    assert anyone.call("POST", "/auth/logout", {"refresh": tokens.refresh}).status_code == 204

    answer = me.call("GET", "/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert anyone.call("POST", "/auth/refresh", {"refresh": tokens.refresh}).status_code == 401
    assert anyone.call("POST", "/auth/logout", {"refresh": tokens.refresh}).status_code == 401


def test_a_disabled_member_is_out_at_once_and_cannot_come_back(anyone: Shopper, wechat: Sandbox) -> None:
    welcome = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code}).json()
    me = Shopper(welcome["access"])

    identity.disable(member_id=Member.objects.get().pk, at=timezone.now())

    assert me.call("GET", "/me").status_code == 401
    assert anyone.call("POST", "/auth/refresh", {"refresh": welcome["refresh"]}).status_code == 401
    again = anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code})
    assert (again.status_code, again.json()["code"]) == (403, "member_disabled")

    identity.enable(member_id=Member.objects.get().pk)
    assert anyone.call("POST", "/auth/login", {"code": wechat.login("小茶").code}).status_code == 200


def test_a_refresh_gives_new_tokens_and_kills_the_old_ones(anyone: Shopper) -> None:
    old = sessions.open_session(member=make.member(), at=timezone.now())

    new = anyone.call("POST", "/auth/refresh", {"refresh": old.refresh}).json()

    assert Shopper(old.access).call("GET", "/me").status_code == 401
    assert Shopper(new["access"]).call("GET", "/me").status_code == 200


def spent(*, seconds_ago: float, device: str = "phone") -> tuple[sessions.Tokens, sessions.Tokens]:
    """Return tokens that were refreshed so long ago, and those that came for them."""
    then = timezone.now() - timedelta(seconds=seconds_ago)
    old = sessions.open_session(member=make.member(), at=then - timedelta(hours=2))
    return old, sessions.refresh(token=old.refresh, device=device, at=then)


def refreshed(anyone: Shopper, token: str, *, device: str = "phone") -> Any:
    return anyone.generic(
        "POST",
        "/api/v1/auth/refresh",
        json.dumps({"refresh": token}),
        content_type="application/json",
        headers={"User-Agent": device},
    )


def test_a_refresh_token_seen_twice_ends_the_whole_session(anyone: Shopper) -> None:
    old, new = spent(seconds_ago=11)

    stolen = refreshed(anyone, old.refresh)

    assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh_invalid")
    assert Shopper(new.access).call("GET", "/me").status_code == 401
    assert refreshed(anyone, new.refresh).status_code == 401


def test_a_device_that_refreshes_twice_within_seconds_gets_the_same_tokens(anyone: Shopper) -> None:
    old, new = spent(seconds_ago=5)

    again = refreshed(anyone, old.refresh)

    assert (again.status_code, again.json()["access"], again.json()["refresh"]) == (
        200,
        new.access,
        new.refresh,
    )
    assert 7100 < again.json()["expires_in"] <= 7195
    assert Shopper(new.access).call("GET", "/me").status_code == 200
    assert refreshed(anyone, new.refresh).status_code == 200


def test_another_device_has_no_such_seconds(anyone: Shopper) -> None:
    old, new = spent(seconds_ago=1)

    assert refreshed(anyone, old.refresh, device="somebody else's").status_code == 401
    assert Shopper(new.access).call("GET", "/me").status_code == 401


def test_a_late_repetition_does_not_harm_whoever_has_refreshed_again_since(anyone: Shopper) -> None:
    old, new = spent(seconds_ago=2)
    newest = refreshed(anyone, new.refresh).json()

    assert refreshed(anyone, old.refresh).status_code == 401
    assert Shopper(newest["access"]).call("GET", "/me").status_code == 200


def test_what_a_token_was_exchanged_for_is_kept_for_seconds_and_only_sealed() -> None:
    _, new = spent(seconds_ago=5)
    kept = SpentRefresh.objects.get()
    assert new.refresh not in kept.sealed
    assert kept.sealed != ""

    sessions.forget_dead(at=timezone.now() + timedelta(seconds=6))

    kept.refresh_from_db()
    assert kept.sealed == ""


def test_reuse_on_one_device_leaves_the_other_device_alone(anyone: Shopper) -> None:
    member = make.member()
    before = timezone.now() - timedelta(minutes=1)
    phone = sessions.open_session(member=member, at=before)
    tablet = sessions.open_session(member=member, at=before)
    sessions.refresh(token=phone.refresh, at=before)

    anyone.call("POST", "/auth/refresh", {"refresh": phone.refresh})

    assert Shopper(tablet.access).call("GET", "/me").status_code == 200


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(119, 200), (120, 401)],
)
def test_an_access_token_lives_for_two_hours(minutes: int, status: int) -> None:
    tokens = sessions.open_session(member=make.member(), at=timezone.now() - timedelta(minutes=minutes))

    assert Shopper(tokens.access).call("GET", "/me").status_code == status


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Basic abc", "Bearer é", "bearer nonsense"])
def test_a_strange_authorization_header_is_refused_with_401(anyone: Shopper, header: str) -> None:
    answer = anyone.call("GET", "/me", Authorization=header)

    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


def test_checking_a_token_costs_one_statement(
    shopper_of: Callable[[Member], Shopper], django_assert_num_queries: Any
) -> None:
    me = shopper_of(make.member(level=make.level()))

    me.call("GET", "/me")  # the levels are kept from now on
    with django_assert_num_queries(1):
        assert me.call("GET", "/me").status_code == 200


def test_dead_sessions_are_forgotten_after_thirty_days_and_live_ones_kept() -> None:
    member = make.member()
    sessions.open_session(member=member, at=make.AT)
    gone = sessions.open_session(member=member, at=make.AT)
    sessions.close_session(token=gone.refresh, at=make.AT)

    assert sessions.forget_dead(at=make.AT + timedelta(days=30)) == 0
    assert sessions.forget_dead(at=make.AT + timedelta(days=30, seconds=1)) == 1
    assert Session.objects.count() == 1
