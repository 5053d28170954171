"""What a shopper may still earn today, what was redeemed, and how growth and level came about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.members.models import Member
from apps.members.services import growth
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.states import Interaction
from tests.apps.members import make as members
from tests.apps.points import make
from tests.apps.points.make import DAY, NOW
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
Open = Callable[[Member], Shopper]


def now() -> datetime:
    return datetime.now(tz=UTC)


def ways(owner: Member, *, at: datetime = NOW) -> dict[str, tuple[int, int | None, bool]]:
    """Points, how often today still, and whether it is done, by kind."""
    found = point_facts.ways_of(owner, at=at).ways
    return {way.kind: (way.points, way.left_today, way.done) for way in found}


def test_a_check_in_is_to_be_had_once_a_day_and_its_seventh_day_gives_more() -> None:
    owner = make.member()
    for day in range(6):
        points.check_in(member_id=owner.pk, at=NOW + day * DAY)
    assert ways(owner, at=NOW + 6 * DAY)["CHECK_IN"] == (11, 1, False)
    points.check_in(member_id=owner.pk, at=NOW + 6 * DAY)
    assert ways(owner, at=NOW + 6 * DAY)["CHECK_IN"] == (11, 0, True)
    assert ways(owner, at=NOW + 7 * DAY)["CHECK_IN"] == (1, 1, False)


def test_a_shop_that_gives_nothing_for_check_ins_shows_none() -> None:
    make.rules(check_in_points=0, streak_bonus=0)
    assert ways(make.member()) == {}


def test_interactions_tell_how_often_they_still_give_today() -> None:
    owner = make.member()
    make.interaction("PROFILE", 50, once=True)
    make.interaction("REVIEW", 20, daily_cap=2)
    make.interaction("SURVEY", 30)
    assert ways(owner) == {
        "CHECK_IN": (1, 1, False),
        "PROFILE": (50, 1, False),
        "REVIEW": (20, 2, False),
        "SURVEY": (30, None, False),
    }
    points.reward(member_id=owner.pk, interaction=Interaction.PROFILE, at=NOW)
    for subject in ("a", "b"):
        points.reward(member_id=owner.pk, interaction=Interaction.REVIEW, subject=subject, at=NOW)
    assert (ways(owner)["PROFILE"], ways(owner)["REVIEW"]) == ((50, 0, True), (20, 0, True))
    tomorrow = ways(owner, at=NOW + DAY)
    assert (tomorrow["PROFILE"], tomorrow["REVIEW"]) == ((50, 0, True), (20, 2, False))


def test_what_the_operator_switched_off_is_no_way() -> None:
    make.interaction("REVIEW", 20, enabled=False)
    assert "REVIEW" not in ways(make.member())


def test_the_door_tells_the_ways_and_what_shopping_gives(shopper_of: Open) -> None:
    owner = make.member(level=members.level("金叶", points_multiplier_bp=15_000))
    make.interaction("REVIEW", 20, growth=5, daily_cap=3)
    shown = shopper_of(owner).call("GET", "/me/points/ways").json()
    assert (shown["points_per_yuan"], shown["multiplier_bp"], shown["next"]) == (1, 15_000, None)
    assert shown["results"][1] == {
        "kind": "REVIEW",
        "kind_label": "评价",
        "points": 20,
        "growth": 5,
        "once": False,
        "left_today": 3,
        "done": False,
    }


def test_what_i_redeemed_is_listed_and_nobody_elses(shopper_of: Open) -> None:
    good = make.coupon_good(100)
    owner, other = make.member(300, at=now()), make.member(300, at=now())
    for buyer in (owner, other):
        shopper_of(buyer).call("POST", f"/points-mall/{good.pk}/redemptions", {}, idempotency_key="k")
    (mine,) = shopper_of(owner).call("GET", "/me/redemptions").json()["results"]
    assert (mine["title"], mine["kind"], mine["points"], mine["status"]) == ("5 元券", "COUPON", 100, "DONE")
    assert mine["status_text"] == "已兑换"


def test_growth_and_level_tell_their_story(shopper_of: Open) -> None:
    plain, silver = members.level("茶友", rank=1), members.level("银叶", rank=2, growth_threshold=100)
    owner = members.member(level=plain)
    received = now()
    growth.add(member_id=owner.pk, amount=120, cause="order:SO1", at=received)
    growth.add(member_id=owner.pk, amount=-50, cause="refund:SO1:r1", counts_at=received, at=now())
    shopper = shopper_of(owner)

    rows = shopper.call("GET", "/me/growth/entries").json()["results"]
    assert [(row["occasion"], row["occasion_label"], row["change"]) for row in rows] == [
        ("REFUND", "退款扣回", -50),
        ("ORDER", "购物", 120),
    ]
    fall, rise = shopper.call("GET", "/me/level-changes").json()["results"]
    assert (rise["from_level"], rise["to_level"], rise["why_label"]) == (
        "茶友",
        silver.name,
        "成长值达标升级",
    )
    assert (fall["to_level"], fall["why"]) == ("茶友", "REFUND")
    assert set(fall) == {"id", "from_level", "to_level", "why", "why_label", "at"}


def test_an_operators_reason_for_a_level_stays_inside(shopper_of: Open) -> None:
    gold = members.level("金叶")
    owner = members.member()
    growth.set_by_hand(member_id=owner.pk, level_id=gold.pk, reason="老板的朋友", operator=None, at=now())
    answer = shopper_of(owner).call("GET", "/me/level-changes")
    assert answer.json()["results"][0]["from_level"] is None
    assert "老板" not in answer.content.decode()


DOORS = ["/me/redemptions", "/me/growth/entries", "/me/level-changes", "/me/points/ways"]


def test_few_and_many_rows_cost_the_same_statements(shopper_of: Open) -> None:
    good = make.coupon_good(1)
    levels = [members.level(f"等级{rank}", rank=rank) for rank in (1, 2)]
    owner = make.member(1_000, at=now())
    shopper = shopper_of(owner)

    def add(count: int) -> list[int]:
        for number in range(count):
            growth.add(member_id=owner.pk, amount=1, cause=f"x:{count}:{number}", at=now())
            level = levels[number % 2]
            growth.set_by_hand(member_id=owner.pk, level_id=level.pk, reason="x", operator=None, at=now())
            points.redeem_coupon(
                member_id=owner.pk, good_id=good.pk, quantity=1, idempotency_key=f"{count}-{number}", at=now()
            )
        return [statements(shopper, path) for path in DOORS]

    few, many = add(4), add(36)
    assert few == many
    assert max(many) <= 6


def statements(shopper: Shopper, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert shopper.call("GET", f"{path}?page_size=100").status_code == 200
    return len(seen)


@pytest.mark.parametrize("path", DOORS)
def test_nobody_reads_them_without_logging_in(anyone: Shopper, path: str) -> None:
    answer: Any = anyone.call("GET", path)
    assert answer.status_code == 401


def test_a_streak_is_over_after_a_day_without_a_check_in() -> None:
    owner = make.member()
    points.check_in(member_id=owner.pk, at=NOW)
    today = (NOW + timedelta(hours=8)).date()
    assert point_facts.streak_of(owner, today=today) == (1, True)
    assert point_facts.streak_of(owner, today=today + DAY) == (1, False)
    assert point_facts.streak_of(owner, today=today + 2 * DAY) == (0, False)
