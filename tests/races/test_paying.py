"""Everybody at once: notifications, cancellations, presses of "pay", refunds. Real threads on real PostgreSQL."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.checkout import closing, paying
from apps.checkout.bills.orders import OrderNotPayable
from apps.inventory.models import Stock, StockEntry
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.payments import services as payments
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import attempts, refunds
from apps.wechat.sandbox.control import Sandbox
from mall.errors import ShopError
from tests.apps.members import make as members
from tests.apps.payments import make
from tests.races import stage

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs in threads that start together; a refusal is returned in place of a result."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return job()
        except ShopError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def now() -> datetime:
    return datetime.now(tz=UTC)


def deliver(notification: tuple[bytes, dict[str, str]]) -> int:
    body, headers = notification
    answer = Client().generic("POST", "/wechat/pay/notify", body, headers=headers)
    return int(answer.status_code)


def shelf() -> tuple[int, int]:
    stock = Stock.objects.get()
    return stock.on_hand, stock.held


@pytest.mark.parametrize("same", [True, False], ids=["the same notification", "eight notifications"])
def test_eight_notifications_at_once_move_the_order_once(same: bool) -> None:
    order = make.order()
    attempt = make.attempt(order)
    resource = make.resource(attempt)
    letters = [make.notify(resource, notify_id="N1" if same else f"N{n}") for n in range(8)]

    answers = at_once(*[lambda letter=letter: deliver(letter) for letter in letters])

    assert answers == [204] * 8
    assert Notification.objects.count() == (1 if same else 8)
    assert [move.move for move in order.history.all()] == ["place", "pay"]
    assert (shelf(), StockEntry.objects.filter(kind="COMMIT").count()) == ((9, 0), 1)
    assert Announcement.objects.filter(kind="OrderPaid").count() == 1


def test_two_payments_of_one_order_at_once_are_one_for_the_order_and_one_back() -> None:
    order = make.order()
    first = make.attempt(order)
    Payment.objects.filter(pk=first.pk).update(status="CLOSED", closed_at=make.AT)
    second = make.attempt(order)

    said = [make.paid(attempt) for attempt in (first, second)]

    settled = at_once(
        *[lambda paid=paid: paying.confirm_payment(transaction=paid, at=make.AT) for paid in said]
    )
    outbox.deliver_due(at=make.AT)

    assert sorted(one.outcome.value for one in settled) == ["surplus", "used"]
    assert (shelf(), Refund.objects.count()) == ((9, 0), 1)


def test_a_cancellation_and_a_notification_at_once_end_in_one_of_two_honest_ways(
    wechat: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    owner = members.member(openid=wechat.login("小茶").openid)
    ends: Counter[str] = Counter()
    for _ in range(6):
        order = make.order(at=now(), owner=owner)
        paying.pay(member=owner, order_no=order.order_no, at=now())
        attempt = Payment.objects.get(order=order)
        letter = make.notify(make.resource(attempt))

        at_once(
            lambda order=order: closing.cancel(member=owner, order_no=order.order_no, at=now()),
            lambda letter=letter: deliver(letter),
        )
        outbox.deliver_due(at=now())

        order.refresh_from_db()
        attempt.refresh_from_db()
        stock = Stock.objects.get(sku__orderline__order=order)
        went_back = sum(Refund.objects.filter(payment=attempt).values_list("amount_fen", flat=True))
        ends[order.status] += 1
        assert (
            order.status,
            attempt.status,
            attempt.surplus_reason,
            stock.on_hand,
            stock.held,
            went_back,
        ) in [
            ("PAID", "CAPTURED", "", 9, 0, 0),
            ("CLOSED", "CAPTURED", "LATE", 10, 0, 1000),
        ]
    assert sum(ends.values()) == 6


def test_without_the_lock_the_same_two_would_contradict_each_other_and_the_database_refuses() -> None:
    order = make.order()
    unlocked = Order.objects.get(pk=order.pk)
    assert unlocked.status == "UNPAID"  # so a canceller without the lock goes on …
    paying.confirm_payment(transaction=make.paid(make.attempt(order)), at=make.AT)  # … while the money comes

    unlocked.status, unlocked.closed_at = "CLOSED", make.AT
    with pytest.raises(IntegrityError, match="order_paid_at_exactly_when_paid"), transaction.atomic():
        unlocked.save(update_fields=["status", "closed_at"])


def test_who_waits_for_an_order_has_not_its_payment_and_reads_both_as_they_became() -> None:
    order = make.order()
    attempt = make.attempt(order)

    def lock_both() -> tuple[str, str]:
        try:
            with transaction.atomic():
                payment = attempts.locked_with_order(payment_no=attempt.payment_no)
                assert payment is not None
                assert payment.order is not None
                return payment.order.status, payment.status
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            orders.lock(order_no=order.order_no)
            told = thread.submit(lock_both)
            while not stage.waiting_for_a_lock():
                assert not told.done()
            # Whoever had it would make this one wait, who has the order: a circle.
            Payment.objects.select_for_update(nowait=True).get(pk=attempt.pk)
            Payment.objects.filter(pk=attempt.pk).update(status="CLOSED", closed_at=make.AT)
            orders.move(order_no=order.order_no, move="close", actor=Actor.SYSTEM, at=make.AT)
        assert told.result() == ("CLOSED", "CLOSED")


def test_eight_presses_of_pay_at_once_are_one_attempt(wechat: Sandbox, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    owner = members.member(openid=wechat.login("小茶").openid)
    order = make.order(at=now(), owner=owner)

    answers = at_once(
        *[lambda: paying.pay(member=owner, order_no=order.order_no, at=now()) for _ in range(8)]
    )

    assert all(answer["signType"] == "RSA" for answer in answers)
    assert Payment.objects.count() == 1
    assert {row["out_trade_no"] for row in wechat.transactions()} == {Payment.objects.get().payment_no}


def test_an_order_closed_while_wechat_was_thinking_cannot_be_paid_by_the_late_prepay(
    wechat: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    owner = members.member(openid=wechat.login("小茶").openid)
    order = make.order(at=now(), owner=owner)
    wechat.fault("delay", path="/v3/pay/transactions/jsapi", delay_s=0.5)

    def cancel_meanwhile() -> None:
        time.sleep(0.2)
        closing.cancel(member=owner, order_no=order.order_no, at=now())

    answer, _ = at_once(lambda: paying.pay(member=owner, order_no=order.order_no, at=now()), cancel_meanwhile)

    assert isinstance(answer, OrderNotPayable)
    assert [row["state"] for row in wechat.transactions()] == ["CLOSED"]
    assert (Order.objects.get().status, shelf()) == ("CLOSED", (10, 0))


def test_eight_refunds_of_six_yuan_at_once_of_ten_are_one() -> None:
    attempt = make.attempt(make.order(price_fen=1000))
    paying.confirm_payment(transaction=make.paid(attempt), at=make.AT)

    answers = at_once(
        *[
            lambda key=key: payments.request_refund(
                payment_no=attempt.payment_no, amount_fen=600, reason="", business_key=key, at=make.AT
            )
            for key in "abcdefgh"
        ]
    )

    assert sum(isinstance(answer, payments.RefundTooMuch) for answer in answers) == 7
    assert Refund.objects.get().amount_fen == 600


def ask_for_refunds(payments_of: int, each: int) -> None:
    for n in range(payments_of):
        attempt = make.attempt(make.order(price_fen=1000))
        paying.confirm_payment(transaction=make.paid(attempt), at=make.AT)
        for part in range(each):
            payments.request_refund(
                payment_no=attempt.payment_no,
                amount_fen=100,
                reason="",
                business_key=f"{n}-{part}",
                at=make.AT,
            )


def told_to_refund(wechat: Sandbox) -> list[str]:
    return [
        json.loads(call["request"])["out_refund_no"]
        for call in wechat.calls("/v3/refund/domestic/refunds")
        if call["method"] == "POST"
    ]


def test_four_workers_submit_each_refund_once(wechat: Sandbox) -> None:
    ask_for_refunds(5, 1)
    at = make.AT + timedelta(minutes=1)

    tried = at_once(*[lambda: refunds.submit_due(at=at) for _ in range(4)])
    # Whoever found a payment taken passed it over: what is left goes with the next ring.
    left = refunds.submit_due(at=at)

    assert sum(tried) + left == 5
    assert sorted(told_to_refund(wechat)) == sorted(Refund.objects.values_list("refund_no", flat=True))


def test_four_workers_at_once_submit_one_of_the_refunds_of_one_payment(wechat: Sandbox) -> None:
    ask_for_refunds(1, 4)

    tried = at_once(*[lambda: refunds.submit_due(at=make.AT + timedelta(minutes=1)) for _ in range(4)])

    assert (sum(tried), len(told_to_refund(wechat))) == (1, 1)
