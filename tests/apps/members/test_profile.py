"""What members say about themselves: a name of 32 characters, a picture, nothing hidden in either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.members.models import Member
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

ShopperOf = Callable[[Member], Shopper]


def test_members_see_themselves_and_nothing_of_wechat(shopper_of: ShopperOf) -> None:
    member = make.member("小茶", level=make.level("金卡会员", rank=3, discount_bp=9000), unionid="u" * 28)

    answer = shopper_of(member).call("GET", "/me")

    assert answer.json() == {
        "id": member.public_id,
        "nickname": "小茶",
        "avatar_url": "",
        "phone": "",
        "birthday": None,
        "level": {"name": "金卡会员", "rank": 3, "discount_bp": 9000},
    }


def test_what_is_sent_is_changed_and_the_rest_stays(shopper_of: ShopperOf) -> None:
    me = shopper_of(make.member("小茶", avatar_url="https://wx.qlogo.cn/a.png"))

    answer = me.call("PATCH", "/me", {"nickname": " 大茶 "})

    assert (answer.status_code, answer.json()["nickname"]) == (200, "大茶")
    assert answer.json()["avatar_url"] == "https://wx.qlogo.cn/a.png"
    assert me.call("PATCH", "/me", {"avatar_url": ""}).json()["avatar_url"] == ""
    assert me.call("PATCH", "/me", {}).json()["nickname"] == "大茶"


@pytest.mark.parametrize(
    ("nickname", "status"),
    [("茶" * 32, 200), ("茶" * 33, 400), ("🍵" * 32, 200), ("🍵" * 33, 400), ("", 200), ("👨‍👩‍👧", 200)],
)
def test_a_nickname_has_up_to_32_characters_emoji_included(
    shopper_of: ShopperOf, nickname: str, status: int
) -> None:
    answer = shopper_of(make.member()).call("PATCH", "/me", {"nickname": nickname})

    assert answer.status_code == status
    if status == 200:
        assert Member.objects.get().nickname == nickname


@pytest.mark.parametrize(
    "body",
    [
        {"nickname": 7},
        {"nickname": None},
        {"nickname": ["小茶"]},
        {"nickname": {"a": 1}},
        {"nickname": True},
        {"nickname": "小\x00茶"},
        {"nickname": "小\n茶"},
        {"nickname": "\ud83c"},
        {"nickname": "x" * 10_000},
        {"avatar_url": "http://cdn.example.com/a.png"},
        {"avatar_url": "https://cdn.example.com/a.png"},
        {"avatar_url": "javascript:alert(1)"},
        {"avatar_url": "//cdn.example.com/a.png"},
        {"avatar_url": "https://"},
        {"avatar_url": "https://cdn.example.com/\x00"},
        {"avatar_url": "https://cdn.example.com/" + "a" * 500},
        {"avatar_url": 7},
        {"avatar_url": None},
        {"avatar_url": ["https://cdn.example.com/a.png"]},
    ],
)
def test_what_is_no_name_and_no_picture_is_refused(shopper_of: ShopperOf, body: dict[str, Any]) -> None:
    answer = shopper_of(make.member("小茶")).call("PATCH", "/me", body)

    assert answer.status_code == 400
    assert set(answer.json()["details"]) == set(body)
    assert (Member.objects.get().nickname, Member.objects.get().avatar_url) == ("小茶", "")


def test_nobody_gives_themselves_a_level_a_phone_or_another_id(shopper_of: ShopperOf) -> None:
    member = make.member()
    make.level("金卡会员", rank=3, discount_bp=1)

    answer = shopper_of(member).call(
        "PATCH", "/me", {"level": 1, "phone": "13800000000", "id": "X", "openid": "oX", "disabled_at": None}
    )

    changed = Member.objects.get()
    assert answer.status_code == 200
    assert (changed.level, changed.phone, changed.public_id) == (None, "", member.public_id)
    assert changed.openid == member.openid


def test_changing_the_profile_costs_two_statements(
    shopper_of: ShopperOf, django_assert_num_queries: Any
) -> None:
    me = shopper_of(make.member(level=make.level()))

    me.call("GET", "/me")  # the levels are kept from now on
    with django_assert_num_queries(2):
        assert me.call("PATCH", "/me", {"nickname": "大茶"}).status_code == 200
