"""Orders that were received at once: settled together they give what settling one after the other gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.distribution.services import commissions
from apps.members.models import Level, LevelChange, Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.points import services as points
from apps.points.handlers import settle_many
from apps.points.models import Lot, Settlement
from apps.points.services import booking
from apps.promotions.models import MemberDay
from mall.events import OrderReceived
from tests import tables
from tests.apps.checkout import make as counter
from tests.apps.points import make
from tests.apps.points.make import NOW

pytestmark = pytest.mark.django_db


def received(count: int, *, price_fen: int = 5099) -> list[Order]:
    """Orders of as many members, each of two lines."""
    cup, pot = counter.goods(price_fen, units=900), counter.goods(1250, units=900)
    placed = [counter.order(*counter.buyer(), [(cup, 1 + n % 3), (pot, 2)]) for n in range(count)]
    with transaction.atomic():
        for move in ("pay", "ship", "receive"):
            orders.move_many(placed, move=move, actor=Actor.SYSTEM, at=NOW)
    return placed


def varied() -> list[Order]:
    """Fourteen orders: plain ones, one whose member rises, and each that is not plain in another way."""
    placed = received(14)
    Level.objects.create(name="银卡", rank=7, growth_threshold=150, points_multiplier_bp=15_000)
    gold = Level.objects.create(name="金卡", rank=8, growth_threshold=90_000, points_multiplier_bp=20_000)
    Member.objects.filter(pk=placed[1].member_id).update(level=gold)
    MemberDay.objects.create(name="会员日", month_days=[2], points_bp=20_000)
    owes, expires, settled, gave, price_fell, twice = (placed[n] for n in (3, 4, 5, 6, 7, 8))
    points.claw_back(member_id=owes.member_id, amount=77, cause="claw", at=NOW)
    points.earn(member_id=expires.member_id, amount=50, cause="start", at=NOW - timedelta(days=9))
    Lot.objects.update(expires_at=NOW - timedelta(days=1))
    points.settle(order_no=settled.order_no, at=NOW)
    points.give_back_for_refund(
        order_no=gave.order_no,
        member_id=gave.member_id,
        refund_key="RF1",
        part_fen=1000,
        whole_fen=9000,
        at=NOW,
    )
    Order.objects.filter(pk=price_fell.pk).update(refunded_fen=100)
    Order.objects.filter(pk=placed[9].pk).update(member=twice.member)
    members = {order.member_id for order in Order.objects.all()}
    with transaction.atomic():
        booking.lock_many(member_ids=members)  # each has an account: its key would be new each time, too
    return placed


def outcome(settle: Callable[[], None]) -> dict[str, Any]:
    with transaction.atomic():
        settle()
        found = tables.written()
        transaction.set_rollback(True)
    # The key of a change of level is new each time.
    told = found["outbox_announcement"].elements()
    found["outbox_announcement"] = Counter(re.sub(r'"level_change_id": \d+', "", row) for row in told)
    return found


def test_what_is_settled_together_is_what_is_settled_one_by_one() -> None:
    placed = varied()
    numbers = [order.order_no for order in placed]
    left: set[str] = set()

    def together() -> None:
        left.update(points.settle_many(order_nos=numbers, at=NOW))
        assert LevelChange.objects.exists()
        for order_no in sorted(left):
            points.settle(order_no=order_no, at=NOW)

    def one_by_one() -> None:
        for order_no in numbers:
            points.settle(order_no=order_no, at=NOW)

    found = outcome(together)

    assert left == {placed[n].order_no for n in (3, 4, 5, 6, 7, 9)}
    assert tables.differing(found, outcome(one_by_one)) == {}


def test_again_everything_is_left_and_nothing_changes() -> None:
    placed = received(3)
    numbers = [order.order_no for order in placed]
    news = [OrderReceived(order_no=order.order_no, member_id=order.member_id) for order in placed]
    assert settle_many(news, at=NOW) == []
    before = tables.written()

    assert settle_many(news, at=NOW) == news

    for order_no in numbers:
        points.settle(order_no=order_no, at=NOW)
    assert tables.differing(before, tables.written()) == {}
    assert Settlement.objects.count() == 3
    assert [make.standing(order.member)[0] for order in placed] == [75, 126, 177]


def test_many_take_as_many_statements_as_few() -> None:
    counted = []
    for number in (2, 5, 50):  # the first has this process read what it keeps
        numbers = [order.order_no for order in received(number, price_fen=100)]
        with CaptureQueriesContext(connection) as seen:
            assert points.settle_many(order_nos=numbers, at=NOW) == set()
        counted.append(len(seen))
    assert counted[1] == counted[2] < 20


def test_of_orders_no_column_is_read_that_nobody_asks_for() -> None:
    """Half of an order is JSON, and each member has twenty columns."""
    numbers = [order.order_no for order in received(2)]
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        assert points.settle_many(order_nos=numbers, at=NOW) == set()
        assert commissions.freeze_many(order_nos=numbers, at=NOW) == 0
    told = [query["sql"] for query in seen if re.match("SELECT.*(orders_order|members_member)", query["sql"])]
    assert len(told) >= 3
    assert [sql for sql in told if re.search('"(address|applied|openid|avatar)"', sql)] == []
