"""What becomes of money that WeChat says was paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.checkout import paying
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import attempts
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(minutes=5)


def on_the_shelf(order: Order) -> tuple[int, int]:
    """On hand and held of the order's cup; ten were received, one was ordered."""
    stock = Stock.objects.get(sku__orderline__order=order)
    return stock.on_hand, stock.held


def news(kind: str) -> int:
    return Announcement.objects.filter(kind=kind).count()


def close_by_hand(order: Order) -> None:
    """Close an order although its payment may still come, as if WeChat's own close had been too late."""
    with transaction.atomic():
        orders.move(order_no=order.order_no, move="close", actor=Actor.SYSTEM, at=AT)
        inventory.release(order_no=order.order_no, at=AT)


def test_a_payment_pays_its_order_and_takes_the_cup_off_the_shelf() -> None:
    order = make.order(price_fen=1000)
    attempt = make.attempt(order)

    settled = paying.confirm_payment(transaction=make.paid(attempt), at=LATER)

    order.refresh_from_db()
    attempt.refresh_from_db()
    assert settled.outcome is payments.Outcome.USED
    assert (order.status, order.paid_at) == ("PAID", LATER)
    assert (attempt.status, attempt.captured_fen, attempt.is_surplus) == ("CAPTURED", 1000, False)
    assert on_the_shelf(order) == (9, 0)
    assert [move.move for move in order.history.all()] == ["place", "pay"]
    assert (news("OrderPaid"), news("SurplusCaptured")) == (1, 0)


def test_a_payment_heard_of_five_times_moves_the_order_once() -> None:
    order = make.order()
    attempt = make.attempt(order)

    outcomes = [
        paying.confirm_payment(transaction=make.paid(attempt), at=LATER).outcome.value for _ in range(5)
    ]

    assert outcomes == ["used", "already", "already", "already", "already"]
    assert on_the_shelf(order) == (9, 0)
    assert news("OrderPaid") == 1


def test_the_shopper_may_have_paid_less_by_wechats_own_coupon() -> None:
    order = make.order(price_fen=1000)
    attempt = make.attempt(order)
    amount = {"total": 1000, "payer_total": 700, "currency": "CNY"}

    paying.confirm_payment(transaction=make.paid(attempt, amount=amount), at=LATER)

    order.refresh_from_db()
    attempt.refresh_from_db()
    assert (order.status, attempt.captured_fen) == ("PAID", 1000)


def test_money_for_a_closed_order_goes_back_once_and_the_order_stays_closed() -> None:
    order = make.order(price_fen=1000)
    attempt = make.attempt(order)
    attempts.close_attempt(payment_no=attempt.payment_no, at=AT)
    close_by_hand(order)

    for _ in range(3):
        paying.confirm_payment(transaction=make.paid(attempt), at=LATER)
        outbox.deliver_due(at=LATER)

    order.refresh_from_db()
    attempt.refresh_from_db()
    refund = Refund.objects.get()
    assert order.status == "CLOSED"
    assert (attempt.status, attempt.is_surplus, attempt.surplus_reason) == ("CAPTURED", True, "LATE")
    assert (refund.payment_id, refund.amount_fen) == (attempt.pk, 1000)
    assert refund.business_key == f"surplus:{attempt.payment_no}"
    assert on_the_shelf(order) == (10, 0)
    assert Hold.objects.get().status == "RELEASED"
    assert news("OrderPaid") == 0


def test_a_second_payment_for_a_paid_order_goes_back() -> None:
    order = make.order(price_fen=1000)
    first = make.attempt(order)
    attempts.close_attempt(payment_no=first.payment_no, at=AT)
    second = make.attempt(order)
    paying.confirm_payment(transaction=make.paid(second), at=LATER)

    settled = paying.confirm_payment(transaction=make.paid(first), at=LATER)
    outbox.deliver_due(at=LATER)

    assert settled.outcome is payments.Outcome.SURPLUS
    assert settled.payment.surplus_reason == "DOUBLE"
    assert Refund.objects.get().payment_id == first.pk
    assert on_the_shelf(order) == (9, 0)


def test_money_on_an_attempt_that_we_closed_still_pays_an_unpaid_order() -> None:
    order = make.order()
    attempt = make.attempt(order)
    attempts.close_attempt(payment_no=attempt.payment_no, at=AT)

    settled = paying.confirm_payment(transaction=make.paid(attempt), at=LATER)

    order.refresh_from_db()
    assert (settled.outcome.value, order.status) == ("used", "PAID")


def test_another_amount_in_a_notification_is_not_believed() -> None:
    order = make.order(price_fen=1000)
    attempt = make.attempt(order)

    with pytest.raises(payments.AmountDoubtful):
        paying.confirm_payment(transaction=make.paid(attempt, amount_fen=1), at=LATER)

    order.refresh_from_db()
    attempt.refresh_from_db()
    assert (order.status, attempt.status) == ("UNPAID", "OPEN")


def test_another_amount_that_wechat_confirms_when_asked_is_surplus_and_goes_back() -> None:
    order = make.order(price_fen=1000)
    attempt = make.attempt(order)

    paying.confirm_payment(transaction=make.paid(attempt, amount_fen=900), at=LATER, from_query=True)
    outbox.deliver_due(at=LATER)

    order.refresh_from_db()
    attempt.refresh_from_db()
    assert order.status == "UNPAID"
    assert (attempt.captured_fen, attempt.surplus_reason) == (900, "AMOUNT")
    assert Refund.objects.get().amount_fen == 900


def test_money_that_was_refunded_in_the_merchant_console_ships_nothing() -> None:
    order = make.order()
    attempt = make.attempt(order)

    settled = paying.confirm_payment(
        transaction=make.paid(attempt, trade_state="REFUND"), at=LATER, from_query=True
    )

    order.refresh_from_db()
    assert (settled.payment.surplus_reason, order.status) == ("REFUNDED", "UNPAID")


@pytest.mark.parametrize(
    ("lie", "refusal"),
    [
        ({"mchid": "1900000001"}, payments.NotOurPayment),
        ({"appid": "wx0000000000000001"}, payments.NotOurPayment),
        ({"currency": "USD"}, payments.NotOurPayment),
        ({"out_trade_no": "PY260101NOBODY"}, payments.PaymentNotFound),
    ],
)
def test_what_is_not_ours_changes_nothing(lie: dict[str, Any], refusal: type[Exception]) -> None:
    order = make.order()
    attempt = make.attempt(order)

    with pytest.raises(refusal):
        paying.confirm_payment(transaction=make.paid(attempt, **lie), at=LATER, from_query=True)

    order.refresh_from_db()
    assert (order.status, Payment.objects.get().status, on_the_shelf(order)) == ("UNPAID", "OPEN", (10, 1))


def test_one_attempt_cannot_be_paid_by_two_transactions_nor_two_by_one() -> None:
    first, second = make.attempt(make.order()), make.attempt(make.order())
    paying.confirm_payment(transaction=make.paid(first, transaction_id="42001"), at=LATER)

    with pytest.raises(payments.TransactionConflict):
        paying.confirm_payment(transaction=make.paid(first, transaction_id="42002"), at=LATER)
    with pytest.raises(payments.TransactionConflict):
        paying.confirm_payment(transaction=make.paid(second, transaction_id="42001"), at=LATER)

    second.order.refresh_from_db()
    assert second.order.status == "UNPAID"
