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

from apps.base.filled_sheets import Sheet
from apps.base.models import AuditEntry
from apps.fulfillment.models import Parcel, ParcelLine, TraceEvent
from apps.fulfillment.number_files import Row
from apps.fulfillment.services import addresses, importing, parcels, receipt, tracing
from apps.fulfillment.services.importing import Imported
from apps.fulfillment.services.tracing import Line, News
from apps.fulfillment.states import TraceSource
from apps.orders.models import AddressChange, Order
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


def test_the_same_file_of_numbers_taken_in_by_four_operators_at_once_sends_each_parcel_once() -> None:
    sent = [make.paid_order(1) for _ in range(3)]
    rows = [Row(number, order.order_no, "中通", f"ZT90000{number}") for number, order in enumerate(sent, 2)]
    counted: list[Imported] = []
    backwards = list(reversed(rows))

    def take_in(told: list[Row]) -> None:
        counted.append(importing.carry_out(sheet=Sheet(told, []), operator=None, at=make.AT))

    ends = at_once(*[lambda told=told: take_in(told) for told in (rows, backwards, rows, backwards)])

    assert ends == {"done": 4}
    assert sorted((one.sent, one.known) for one in counted) == [(0, 3), (0, 3), (0, 3), (3, 0)]
    assert (Parcel.objects.count(), told("ParcelShipped"), told("OrderShipped")) == (3, 3, 3)


def test_without_the_orders_locks_the_same_file_at_once_is_refused_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: each reads what is to be sent before any has sent it."""
    order = make.paid_order(1)
    rows = [Row(2, order.order_no, "中通", "ZT900009")]
    gate = Barrier(2)
    planned = importing._plan

    def unlocked(*, order_nos: Any) -> list[Order]:
        return list(Order.objects.filter(order_no__in=order_nos))

    def together(told: Any, found: Any) -> Any:
        plan = planned(told, found)
        gate.wait(timeout=10)
        return plan

    monkeypatch.setattr(importing.orders, "lock_many", unlocked)
    monkeypatch.setattr(importing, "_plan", together)
    ends = at_once(*[lambda: importing.carry_out(sheet=Sheet(rows, []), operator=None, at=make.AT)] * 2)
    assert ends == {"done": 1, "NotShippable": 1}


def test_a_courier_and_wechat_who_tell_the_same_at_once_are_heard_once() -> None:
    parcel = make.parcel(make.paid_order(1))
    lines = [Line(make.AT + timedelta(hours=1), "已签收"), Line(make.AT, "已揽收")]
    words = [(TraceSource.KUAIDI100, "3"), (TraceSource.EXPRESS, "300003")] * 3

    def hear(source: TraceSource, raw: str) -> None:
        tracing.hear(
            parcel_no=parcel.parcel_no,
            tracking_no=parcel.tracking_no,
            news=News(source=source, raw=raw, lines=lines),
            at=make.AT + timedelta(hours=2),
        )

    ends = at_once(*[lambda word=word: hear(*word) for word in words])

    assert ends == {"done": 6}
    assert (TraceEvent.objects.count(), told("ParcelDelivered")) == (2, 1)


def test_workers_who_sweep_at_once_ask_about_each_parcel_once() -> None:
    for _ in range(4):
        make.parcel(make.paid_order(1))
    taken: list[str] = []

    def sweep() -> None:
        while (asked := tracing.take_due(at=make.AT + timedelta(hours=3))) is not None:
            taken.append(asked.parcel_no)

    at_once(*[sweep] * 4)

    assert sorted(taken) == sorted(Parcel.objects.values_list("parcel_no", flat=True))


def test_a_parcel_that_leaves_and_an_address_that_is_put_right_at_once_are_one_before_the_other() -> None:
    order = make.paid_order(1)
    address = {**order.address, "detail": "平江路9号"}

    ends = at_once(
        lambda: make.parcel(order),
        *[
            lambda: addresses.correct(
                order_no=order.order_no, address=address, reason="更正", operator=None, at=make.AT
            )
        ]
        * 3,
    )

    changes = AddressChange.objects.count()
    assert ends["done"] == 1 + changes
    assert ends["AddressUnchanged"] + ends["AddressTooLate"] == 3 - changes
    assert changes <= 1
