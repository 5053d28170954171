"""Two operators, two clocks, a shopper and WeChat: each unit leaves once, each order is received once. Real threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.base.models import AuditEntry
from apps.fulfillment.models import Parcel, ParcelLine
from apps.fulfillment.services import parcels, receipt
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from tests.apps.fulfillment import make

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*jobs: Callable[[], Any]) -> Counter[str]:
    """Run the jobs in threads that start together; count "done" and the names of refusals."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> str:
        try:
            gate.wait()
            job()
            return "done"
        except Exception as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return Counter(threads.map(run, jobs))


def told(kind: str) -> int:
    return Announcement.objects.filter(kind=kind).count()


def test_six_operators_who_ship_the_whole_order_at_once_send_one_parcel() -> None:
    order = make.paid_order(2)

    ends = at_once(*[lambda: make.parcel(order)] * 6)

    assert ends == {"done": 1, "NotShippable": 5}
    assert (Parcel.objects.count(), ParcelLine.objects.get().quantity) == (1, 2)
    assert (told("ParcelShipped"), told("OrderShipped")) == (1, 1)


def test_operators_who_ship_the_same_last_units_at_once_send_them_once() -> None:
    order = make.paid_order(3)
    line = order.lines.get().pk

    ends = at_once(*[lambda: make.parcel(order, quantities={line: 2})] * 4)

    assert ends == {"done": 1, "QuantityNotShippable": 3}
    assert parcels.units_left(order) == {line: 1}
    assert Order.objects.get().status == "PAID"


def test_three_operators_with_a_part_each_ship_the_order_together() -> None:
    order = make.paid_order(3)
    line = order.lines.get().pk

    ends = at_once(*[lambda: make.parcel(order, quantities={line: 1})] * 3)

    assert ends == {"done": 3}
    assert Order.objects.get().status == "SHIPPED"
    assert (told("ParcelShipped"), told("OrderShipped")) == (3, 1)


def test_the_shopper_wechat_and_the_clock_receive_an_order_once() -> None:
    order = make.paid_order()
    make.parcel(order)
    later = make.AT + timedelta(days=30)
    confirm = [
        lambda actor=actor: receipt.confirm(order_no=order.order_no, actor=actor, at=later)
        for actor in (Actor.MEMBER, Actor.WECHAT)
    ]

    at_once(*confirm, *confirm, lambda: receipt.receive_overdue(at=later))

    assert Order.objects.get().status == "RECEIVED"
    assert [move.move for move in order.history.all()].count("receive") == 1
    assert told("OrderReceived") == 1


def test_two_corrections_at_once_leave_a_trail_without_a_gap() -> None:
    parcel = make.parcel(make.paid_order(), tracking_no="ZT00000")
    operator = make.operator()

    def correct(number: str) -> Callable[[], Any]:
        return lambda: parcels.correct(
            parcel_no=parcel.parcel_no, carrier_code="ZTO", tracking_no=number, operator=operator, at=make.AT
        )

    assert at_once(correct("ZT00001"), correct("ZT00002")) == {"done": 2}

    first, second = AuditEntry.objects.order_by("id").values_list("note", flat=True)
    now = Parcel.objects.get().tracking_no
    assert first == "原：ZTO ZT00000"
    assert {second, now} in ({"原：ZTO ZT00001", "ZT00002"}, {"原：ZTO ZT00002", "ZT00001"})
