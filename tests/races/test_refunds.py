"""Two operators, the warehouse and the buyer at one order: each unit is refunded or sent, and once. Real threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from apps.aftersales import planning
from apps.fulfillment.models import ParcelLine
from apps.fulfillment.services import receipt
from apps.inventory.models import Stock
from apps.orders import services as orders
from apps.orders.models import Order, OrderRefund
from apps.orders.states import Actor
from apps.payments.models import Refund
from apps.points import selectors as point_facts
from apps.points import services as points
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def refunding(order: Order, units: dict[Any, int], *, token: str = "") -> Callable[[], str]:
    def refund() -> str:
        make.refund(order, units, token=token)
        return "refunded"

    return refund


def refunded_fen() -> int:
    return Refund.objects.aggregate(sum=Sum("amount_fen", default=0))["sum"]


def test_six_operators_refund_the_same_last_unit_once() -> None:
    cup = counter.goods(1000, units=10)
    order = make.paid(counter.buyer(), [(cup, 1)])

    outcome = all_answers([refunding(order, {cup: 1}) for _ in range(6)])

    assert outcome == {"refunded": 1, "order_not_refundable": 5}
    assert (refunded_fen(), Stock.objects.get().on_hand) == (1000, 10)


def test_without_the_lock_two_would_refund_the_same_unit_and_only_the_database_refuses() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 1)])
    unlocked = planning.standing_of(make.fresh(order))
    make.refund(order, {cup: 1})
    # An operator who looked before goes on to refund what is refunded already …
    again = planning.plan(unlocked, planning.everything_left(unlocked))
    assert (again.amount_fen, again.undone) == (1000, True)
    # … and is stopped by the guarded statement under the constraint.
    with pytest.raises(orders.RefundBeyondOrder), transaction.atomic():
        orders.record_refund(
            order=again.order,
            refund_no="RO2",
            token="another-page",
            lines=[part.as_refunded() for part in again.lines],
            shipping_fen=0,
            balance_fen=0,
            effects=orders.Effects(),
            reason="x",
            operator=None,
            at=make.LATER,
        )


def test_the_same_page_sent_six_times_at_once_refunds_one_unit() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 5)])
    outcome = all_answers([refunding(order, {cup: 1}, token="one-page")] * 6)
    assert outcome == {"refunded": 6}
    assert (OrderRefund.objects.count(), refunded_fen(), order.lines.get().refunded) == (1, 1000, 1)


def test_operators_with_a_unit_each_refund_five_units_and_give_back_exactly_what_was_paid() -> None:
    cup = counter.goods(1000)
    counter.promotion(label="满50减0.02", steps=[[5000, 2]])
    order = make.paid(counter.buyer(), [(cup, 5)])  # 49.98
    outcome = all_answers([refunding(order, {cup: 1}) for _ in range(7)])
    assert outcome == {"refunded": 5, "order_not_refundable": 2}
    assert (refunded_fen(), make.fresh(order).status) == (4998, "REFUNDED")


def test_a_unit_is_sent_or_stays_here_refunded_never_both() -> None:
    cup = counter.goods(1000, units=3)
    order = make.paid(counter.buyer(), [(cup, 3)])

    def ship() -> str:
        make.ship(order, {cup: 3})
        return "sent"

    outcome = all_answers([ship, refunding(order, {cup: 2})])

    gone = ParcelLine.objects.aggregate(sum=Sum("quantity", default=0))["sum"]
    refund = OrderRefund.objects.get()
    status = make.fresh(order).status
    if outcome == {"sent": 1, "refunded": 1}:
        # All had left before they were refunded: they are with the buyer.
        assert (gone, refund.units_sent, refund.units_unsent, status) == (3, 2, 0, "SHIPPED")
        assert Stock.objects.get().on_hand == 0
    else:
        assert outcome == {"refunded": 1, "parcel_quantity_invalid": 1}
        assert (gone, refund.units_unsent, status) == (0, 2, "PAID")
        assert Stock.objects.get().on_hand == 2


def test_a_refund_and_the_receipt_at_once_earn_what_is_kept() -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    order = make.paid(buyer, [(cup, 2)])
    make.ship(order)

    def receive() -> str:
        receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.LATER)
        points.settle(order_no=order.order_no, at=make.LATER + timedelta(seconds=1))
        return "received"

    assert all_answers([receive, refunding(order, {cup: 1})]) == {"received": 1, "refunded": 1}

    assert make.fresh(order).status == "RECEIVED"
    assert buyer[0].points_account.balance == 100
    assert point_facts.unbalanced() == []


def test_the_last_unit_refunded_and_received_at_once_ends_refunded() -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    order = make.paid(buyer, [(cup, 1)])
    make.ship(order)

    def receive() -> str:
        receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.LATER)
        return "received"

    outcome = all_answers([receive, refunding(order, {cup: 1})])
    assert outcome in ({"received": 1, "refunded": 1}, {"refunded": 1, "move_refused": 1})
    assert (make.fresh(order).status, refunded_fen()) == ("REFUNDED", 10_000)
