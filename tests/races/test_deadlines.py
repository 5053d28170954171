"""Answers, clocks and parcels at once: of a delay one end, of a payment one re-shipment. Real threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from apps.aftersales.services.answering import answer_delay
from apps.checkout import promising
from apps.deadlines.models import Deadline, Delay
from apps.deadlines.services import delaying, watching
from apps.deadlines.states import DelayChoice
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import reshipping, verifying
from apps.orders.models import Order, OrderRefund
from apps.orders.states import Status
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
