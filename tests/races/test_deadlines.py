"""Answers, clocks and parcels at once: of a delay one end, of a payment one re-shipment. Real threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from apps.aftersales.services import swapping
from apps.aftersales.services.answering import answer_delay
from apps.checkout import promising
from apps.deadlines.models import Deadline, Delay
from apps.deadlines.services import delaying, watching
from apps.deadlines.states import DelayChoice, DelayReason
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import reshipping, verifying
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.orders.models import LineSwap, Order, OrderRefund
from apps.orders.states import Status
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LATER = fulfillment.AT + timedelta(hours=1)
FRIDAY = date(2026, 3, 6)


def at_once(*jobs: Callable[[], Any]) -> Counter[str]:
    """Run the jobs in threads that start together; count what they answered, or the names of refusals."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> str:
        try:
            gate.wait()
            return str(job())
        except Exception as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return Counter(threads.map(run, jobs))


def answers(order: Order, choice: DelayChoice) -> Callable[[], str]:
    return lambda: answer_delay(member=order.member, order_no=order.order_no, choice=choice, at=LATER).status


def test_of_answers_a_parcel_and_the_clock_at_once_one_decides_and_money_goes_back_once_or_not_at_all() -> (
    None
):
    order = make.paid(1)
    row = make.put_off(order, FRIDAY)
    Delay.objects.filter(pk=row.pk).update(answer_until=LATER + timedelta(seconds=1))

    at_once(
        *[answers(order, DelayChoice.REFUND)] * 2,
        *[answers(order, DelayChoice.WAIT)] * 2,
        lambda: fulfillment.parcel(order, at=LATER),
        lambda: watching.lapse_due(at=LATER + timedelta(seconds=1)),
    )

    order.refresh_from_db()
    row.refresh_from_db()
    refunds = OrderRefund.objects.count()
    assert refunds == (row.status == "REFUNDED") == (order.status == Status.REFUNDED)
    assert row.status in ("WAITS", "REFUNDED", "SILENT", "ASKED")
    # Only a parcel that left first leaves the question open, for the news of it to void.
    assert row.status != "ASKED" or order.status == Status.SHIPPED


def test_without_the_guard_and_the_lock_two_answers_are_both_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: each reads an open delay before any has written."""
    order = make.paid(1)
    make.put_off(order, FRIDAY)
    gate = Barrier(2)

    def unguarded(row: Delay, move: str, *, at: Any) -> None:
        gate.wait(timeout=10)
        Delay.objects.filter(pk=row.pk).update(status="WAITS", answered_at=at)

    monkeypatch.setattr(delaying, "_move", unguarded)
    taken = at_once(
        lambda: _answer_unlocked(order, DelayChoice.WAIT),
        lambda: _answer_unlocked(order, DelayChoice.REFUND),
    )
    assert taken == {"True": 2}


def _answer_unlocked(order: Order, choice: DelayChoice) -> bool:
    with transaction.atomic():
        return delaying.answer(order=Order.objects.get(pk=order.pk), choice=choice, at=LATER)[1]


def swaps(order: Order, line_id: int, sku_id: int) -> Callable[[], str]:
    return lambda: (
        answer_delay(
            member=order.member,
            order_no=order.order_no,
            choice=DelayChoice.SWAP,
            swaps={line_id: sku_id},
            at=LATER,
        ).status
    )


def offered(order: Order, *sku_ids: int) -> int:
    """The order is put off, and these SKUs may be taken for its only line, whose id is returned."""
    line_id = order.lines.get().pk
    swapping.put_off(
        order_no=order.order_no,
        reason=DelayReason.STOCK_OUT,
        note="",
        ships_on=FRIDAY,
        offers=[(line_id, sku_id) for sku_id in sku_ids],
        operator=None,
        at=fulfillment.AT,
    )
    return line_id


def test_of_swaps_a_refund_and_a_parcel_at_once_one_decides_and_no_unit_is_lost() -> None:
    order = make.paid(1)
    one, two = counter.goods(), counter.goods()
    line_id = offered(order, one.pk, two.pk)
    old = order.lines.get().sku_id

    at_once(
        *[swaps(order, line_id, one.pk)] * 2,
        swaps(order, line_id, two.pk),
        answers(order, DelayChoice.REFUND),
        lambda: fulfillment.parcel(order, at=LATER),
    )

    order.refresh_from_db()
    status = Delay.objects.get().status
    now = order.lines.get().sku_id
    assert LineSwap.objects.count() == (now != old) == (status == "SWAPPED")
    # One unit is out of all shelves, or none where the money went back.
    out = 300 - sum(stock_facts.available([old, one.pk, two.pk]).values())
    assert out == (order.status != Status.REFUNDED)
    assert stock_facts.available([now])[now] == 100 - out
    assert stock_facts.unbalanced() == []


def test_of_two_buyers_who_take_the_last_unit_at_once_one_has_it_and_crosswise_swaps_queue() -> None:
    last = counter.goods(units=1)
    orders = [make.paid(1), make.paid(1)]
    ids = [offered(order, last.pk) for order in orders]
    ends = at_once(*[swaps(order, line, last.pk) for order, line in zip(orders, ids, strict=True)])
    assert ends == {"SWAPPED": 1, "OutOfStock": 1}
    assert sorted(Delay.objects.values_list("status", flat=True)) == ["ASKED", "SWAPPED"]

    mine, theirs = make.paid(1), make.paid(1)
    a, b = mine.lines.get().sku_id, theirs.lines.get().sku_id
    crosswise = [swaps(mine, offered(mine, b), b), swaps(theirs, offered(theirs, a), a)]
    assert at_once(*crosswise) == {"SWAPPED": 2}
    assert (stock_facts.available([a, b]), stock_facts.unbalanced()) == ({a: 99, b: 99}, [])


def test_without_the_orders_lock_a_swap_and_a_parcel_are_both_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the parcel leaves between the look at the line and the swap of it."""
    order = make.paid(1)
    other = counter.goods()
    line_id = offered(order, other.pk)
    looked, left = Event(), Event()
    swap = inventory.swap

    def later(**told: Any) -> None:
        looked.set()
        left.wait(timeout=10)
        swap(**told)

    monkeypatch.setattr(inventory, "swap", later)

    def swap_unlocked() -> None:
        with transaction.atomic():
            unlocked = Order.objects.get(pk=order.pk)
            row = Delay.objects.get()
            swapping.carry_out(order=unlocked, row=row, swaps={line_id: other.pk}, at=LATER)

    def send() -> None:
        looked.wait(timeout=10)
        fulfillment.parcel(order, at=LATER)
        left.set()

    assert at_once(swap_unlocked, send) == {"None": 2}
    # It is said to hold what never left, and the unit that left lies on the shelf.
    assert (order.parcels.count(), order.lines.get().sku_id) == (1, other.pk)


def test_operators_who_put_an_order_off_at_once_ask_its_buyer_once() -> None:
    order = make.paid(1)
    ends = at_once(*[lambda: make.put_off(order, FRIDAY).status] * 4)
    assert ends == {"ASKED": 1, "DelayOpen": 3}


def test_news_and_sweeps_at_once_fix_one_deadline_and_warn_of_it_once() -> None:
    order = fulfillment.paid_order(1)
    fixed = at_once(*[lambda: promising.fix(order_no=order.order_no, at=fulfillment.AT)] * 4)
    assert (fixed, Deadline.objects.count()) == ({"True": 4}, 1)
    warned = at_once(*[lambda: watching.warn_due(at=fulfillment.AT + timedelta(hours=40))] * 4)
    assert sum(int(told) * times for told, times in warned.items()) == 1


def test_of_two_other_deliveries_at_once_one_takes_the_only_reshipment() -> None:
    row = ShippingUpload.objects.create(order=fulfillment.paid_order(1))

    def take(digest: str) -> Callable[[], bool]:
        return lambda: reshipping.take(upload_id=row.pk, digest=digest, at=LATER)

    assert at_once(take("a"), take("b"), take("c")) == {"True": 1, "False": 2}


def test_without_the_guard_both_deliveries_believe_that_the_reshipment_is_theirs() -> None:
    """The negative control: looked at, then written."""
    row = ShippingUpload.objects.create(order=fulfillment.paid_order(1))
    gate = Barrier(2)

    def look_then_write(digest: str) -> Callable[[], bool]:
        def act() -> bool:
            free = ShippingUpload.objects.get(pk=row.pk).reshipped_at is None
            gate.wait(timeout=10)
            if free:
                ShippingUpload.objects.filter(pk=row.pk).update(reshipped_at=LATER, reship_digest=digest)
            return free

        return act

    assert at_once(look_then_write("a"), look_then_write("b")) == {"True": 2}


def test_bells_at_once_ask_about_each_upload_once() -> None:
    for _ in range(3):
        ShippingUpload.objects.create(order=fulfillment.paid_order(1), verify_at=fulfillment.AT)
    taken: list[int] = []

    def sweep() -> None:
        while (due := verifying.take_due(at=LATER)) is not None:
            taken.append(due.upload_id)

    at_once(*[sweep] * 4)
    assert sorted(taken) == sorted(ShippingUpload.objects.values_list("pk", flat=True))
