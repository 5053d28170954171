"""Seats of groups under real threads on PostgreSQL: as many as there are, and nobody waits in a circle.

The last payers, and the group's end, are in ``test_groups_at_once``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from apps.aftersales import services as aftersales
from apps.groupbuy import services as groupbuy
from apps.groupbuy import terms
from apps.groupbuy.models import Group, GroupBuy, Seat
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order, OrderRefund
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from apps.payments.models import Refund
from tests.apps.groupbuy import make
from tests.apps.groupbuy.make import HOUR, NOW
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 20
MOMENT = timedelta(milliseconds=1)


def members(number: int) -> list[Member]:
    return [make.members.member() for _ in range(number)]


def unseated(member: Member, row: GroupBuy, group: Group | None = None) -> Order:
    """An order of a group with nothing in it: what a round needs, without the counter's work."""
    said = {"kind": "group_buy", "id": row.pk, "title": row.title}
    return Order.objects.create(
        order_no=f"SO{make.counter.key()}",
        member=member,
        goods_fen=0,
        reduction_fen=0,
        shipping_fen=0,
        payable_fen=0,
        activity=said if group is None else {**said, "group_no": group.group_no},
        idempotency_key=make.counter.key(),
        request_hash="",
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def hold(order: Order, row: GroupBuy, group: Group | None) -> None:
    groupbuy.hold(
        order_id=order.pk,
        order_no=order.order_no,
        member_id=order.member_id,
        group_buy_id=row.pk,
        group_no=group.group_no if group else None,
        units=1,
        at=NOW,
    )


def paying(order: Order, *, at: Any = NOW) -> Callable[[], str]:
    """A payment as WeChat's word makes it; what it answers is where the seat then stands."""

    def pay() -> str:
        with transaction.atomic():
            orders.move(order_no=order.order_no, move="gather", actor=Actor.WECHAT, at=at)
            groupbuy.commit(order_id=order.pk, order_no=order.order_no, paid_at=at, at=at)
        return str(Seat.objects.get(order=order).status)

    return pay


def seated(row: GroupBuy, people: list[Member], group: Group, status: str) -> list[Order]:
    """Orders with a seat, written as they stand: paid and gathering, or unpaid, more of them than there are places."""
    paid = status == "PAID"
    placed = [unseated(member, row, group) for member in people]
    Order.objects.filter(pk__in=[order.pk for order in placed]).update(
        status="GATHERING" if paid else "UNPAID", paid_at=NOW if paid else None
    )
    Seat.objects.bulk_create(
        Seat(
            order=order,
            member_id=order.member_id,
            group_buy=row,
            group=group,
            status=status,
            held_at=NOW,
            paid_at=NOW if paid else None,
        )
        for order in placed
    )
    Group.objects.filter(pk=group.pk).update(**{"joined" if paid else "held": len(placed)})
    return placed


def group_of(row: GroupBuy, paid: list[Member]) -> tuple[Group, list[Order]]:
    """A group for which these have paid, with their orders."""
    ladder = terms.of_campaign(row)
    group = Group.objects.create(
        group_no=f"PT{make.counter.key().replace('-', '')}",
        group_buy=row,
        leader=paid[0],
        kept_terms=ladder.as_json(),
        size=ladder.size,
        largest=ladder.largest,
        joined=len(paid),
        opened_at=NOW,
        ends_at=NOW + HOUR,
    )
    return group, seated(row, paid, group, "PAID")


def told(kind: str, group: Group) -> int:
    return Announcement.objects.filter(kind=kind, payload__group_no=group.group_no).count()


def test_twenty_orders_for_two_places_take_two() -> None:
    row, people = make.campaign(make.goods(50_00)), members(21)
    group, _ = group_of(row, people[:1])
    placed = [unseated(member, row, group) for member in people[1:]]

    def take(order: Order) -> str:
        with transaction.atomic():
            hold(order, row, group)
        return "held"

    assert all_answers([lambda order=order: take(order) for order in placed]) == {"held": 2, "group_full": 18}
    assert make.fresh(group).held == 2


def test_one_member_twenty_times_at_once_opens_one_group_where_the_limit_is_one() -> None:
    row, people = make.campaign(make.goods(50_00), limit_per_member=1), members(1)
    placed = [unseated(people[0], row) for _ in range(20)]

    def take(order: Order) -> str:
        with transaction.atomic():
            hold(order, row, None)
        return "held"

    outcome = all_answers([lambda order=order: take(order) for order in placed])
    assert outcome == {"held": 1, "activity_limit_reached": 19}


def test_a_leader_who_leaves_while_the_last_one_pays_is_in_or_out_and_nobody_waits_in_a_circle() -> None:
    row, people = make.campaign(make.goods(50_00), {2: 39_00}), members(2)
    for _ in range(5):
        group, (first,) = group_of(row, people[:1])
        (second,) = seated(row, people[1:], group, "HELD")

        def leave(first: Order = first) -> str:
            with transaction.atomic():
                Order.objects.select_for_update().get(pk=first.pk)
                groupbuy.restore(
                    order_id=first.pk, order_no=first.order_no, units=1, whole=True, cause="RO1", at=NOW
                )
            return "left"

        outcome = all_answers([paying(second), leave])
        group = make.fresh(group)
        if group.status == "FORMED":
            assert outcome == {"PAID": 1, "left": 1} and group.joined == 2
            groupbuy.form_rest(group_no=group.group_no, at=NOW)  # the leader's order may have been in hand
            assert make.statuses(first, second) == ["PAID", "PAID"]
        elif group.status == "FAILED":  # the leader was alone when they left
            assert outcome == {"REFUSED": 1, "left": 1} and group.joined == 0
        else:
            raise AssertionError(group.status)
    assert connection.in_atomic_block is False


def test_a_difference_is_returned_once_by_however_many_workers() -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00, 3: 35_00})
    group = make.opened(row)
    second = make.joined(group)
    make.joined(group)

    def give_back() -> str:
        made = aftersales.return_price(
            order_no=second.order_no,
            now_fen={row.prices.first().sku_id: 35_00},
            token=f"group:{second.order_no}",
            reason="差价",
            at=NOW,
        )
        return str(made.amount_fen if made else 0)

    assert all_answers([give_back] * 6) == {"400": 6}
    assert OrderRefund.objects.filter(order=second).count() == 1
    assert Refund.objects.filter(payment__order=second).count() == 1
