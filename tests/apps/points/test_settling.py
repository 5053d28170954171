"""An order that was received gives points and growth; a refund takes its share back, of what was spent too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.fulfillment.services import receipt
from apps.members.models import GrowthEntry, Member
from apps.orders import services as orders
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.points import services as points
from apps.points.models import Entry, Settlement
from apps.promotions.models import MemberDay
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.points import make
from tests.apps.points.make import NOW

pytestmark = pytest.mark.django_db


def earn(owner: Member, settled_fen: int, *, bp: int = 10_000, order_no: str = "SO1") -> Settlement:
    return points.earn_for_order(
        order_no=order_no, member_id=owner.pk, settled_fen=settled_fen, multiplier_bp=bp, at=NOW
    )


def refund(owner: Member, part_fen: int, whole_fen: int, *, key: str = "RF1", order_no: str = "SO1") -> None:
    points.give_back_for_refund(
        order_no=order_no,
        member_id=owner.pk,
        refund_key=key,
        part_fen=part_fen,
        whole_fen=whole_fen,
        at=NOW,
    )


def grown(owner: Member) -> int:
    owner.refresh_from_db()
    return owner.growth


@pytest.mark.parametrize(
    ("settled_fen", "bp", "expected"),
    [(9_999, 10_000, 99), (10_000, 10_000, 100), (10_000, 15_000, 150), (99, 10_000, 0), (99, 20_000, 1)],
)
def test_a_whole_yuan_earns_a_point_times_the_multiplier(settled_fen: int, bp: int, expected: int) -> None:
    owner = make.member(1)
    assert earn(owner, settled_fen, bp=bp).points == expected
    assert make.standing(owner) == (1 + expected, 0)


def test_an_order_settles_once() -> None:
    owner = make.member()
    for _ in range(3):
        earn(owner, 10_000)
    assert make.standing(owner) == (100, 0)
    assert grown(owner) == 100


def test_the_multiplier_counts_for_points_and_not_for_growth() -> None:
    owner = make.member()
    earn(owner, 10_000, bp=30_000)
    assert (make.standing(owner), grown(owner)) == ((300, 0), 100)


def test_a_refund_takes_back_its_share_of_points_and_growth_and_gives_back_what_was_spent() -> None:
    owner = make.member(1_000)
    make.hold(owner, "SO1", 1_000)
    make.commit("SO1")
    earn(owner, 9_000)
    assert make.standing(owner) == (90, 0)

    # A third of the order: 30 of the 90 earned go, 333 of the 1000 spent come.
    refund(owner, 3_000, 9_000)
    refund(owner, 3_000, 9_000)
    assert (make.standing(owner), grown(owner)) == ((90 - 30 + 333, 0), 60)

    refund(owner, 6_000, 9_000, key="RF2")
    assert (make.standing(owner), grown(owner)) == ((1_000, 0), 0)


def test_odd_shares_add_up_to_exactly_everything() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 100)
    make.commit("SO1")
    earn(owner, 10_100)
    for number in range(7):
        refund(owner, 1, 7, key=f"RF{number}")
    assert (make.standing(owner), grown(owner)) == ((100, 0), 0)


def test_points_that_are_gone_already_are_owed_after_a_refund() -> None:
    owner = make.member()
    earn(owner, 10_000)
    make.hold(owner, "SO2", 80)
    refund(owner, 10_000, 10_000)
    assert make.standing(owner) == (0, 80)


def test_a_refund_before_receipt_lessens_what_the_receipt_gives() -> None:
    owner = make.member()
    refund(owner, 2_500, 10_000)
    earn(owner, 10_000)
    assert (make.standing(owner), grown(owner)) == ((75, 0), 75)
    refund(owner, 7_500, 10_000, key="RF2")
    assert (make.standing(owner), grown(owner)) == ((0, 0), 0)


def test_a_wholly_refunded_order_gives_nothing() -> None:
    owner = make.member()
    refund(owner, 10_000, 10_000)
    earn(owner, 10_000)
    assert not Entry.objects.exists()
    assert not GrowthEntry.objects.exists()


@pytest.mark.parametrize(("part_fen", "whole_fen"), [(0, 100), (-1, 100), (101, 100), (60, 100), (10, 200)])
def test_shares_beyond_the_whole_or_of_another_whole_are_refused(part_fen: int, whole_fen: int) -> None:
    owner = make.member()
    earn(owner, 10_000)
    refund(owner, 50, 100, key="RF0")
    with pytest.raises(points.PointsConflict):
        refund(owner, part_fen, whole_fen)
    assert make.standing(owner) == (50, 0)


def receive(owner: Member, *, paid_at: datetime) -> None:
    """Let the owner order for 60 yuan of goods and 8 yuan of postage, pay, get it, and hear the news."""
    counter.freight()
    address = members.address(owner)
    order = counter.order(owner, address, [(counter.goods(6_000), 1)], at=paid_at)
    with transaction.atomic():
        orders.move(order_no=order.order_no, move="pay", actor=Actor.WECHAT, at=paid_at)
        orders.move(order_no=order.order_no, move="ship", actor=Actor.OPERATOR, at=NOW)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=NOW)
    outbox.deliver_due(at=NOW)
    outbox.deliver_due(at=NOW)


def test_receipt_earns_a_point_for_each_yuan_of_goods_and_none_for_postage() -> None:
    owner = make.member()
    receive(owner, paid_at=NOW)
    assert (make.standing(owner), grown(owner)) == ((60, 0), 60)


def test_the_level_and_the_member_day_of_the_payment_multiply_each_other() -> None:
    silver = members.level("银叶会员", points_multiplier_bp=15_000)
    MemberDay.objects.create(name="会员日", month_days=[15], points_bp=20_000)
    owner = make.member(level=silver)
    # 14 February 17:00 in UTC is the 15th in Shanghai.
    receive(owner, paid_at=datetime(2026, 2, 14, 17, 0, tzinfo=UTC))
    assert make.standing(owner) == (180, 0)


def test_another_day_is_no_member_day() -> None:
    MemberDay.objects.create(name="会员日", weekdays=[5], month_days=[15])
    owner = make.member()
    receive(owner, paid_at=NOW)
    assert make.standing(owner) == (60, 0)
