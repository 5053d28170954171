"""Refunds that somebody made in WeChat's merchant console: facts of ours, whichever news comes first."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.aftersales import services as aftersales
from apps.checkout import paying
from apps.orders.models import Order, OrderRefund
from apps.outbox import services as outbox
from apps.payments import services as payments
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import console, refunds
from apps.wechat.pay import facts
from tests.apps.aftersales import make as orders
from tests.apps.checkout import make as counter
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db


def said(payment: Payment, amount_fen: int, *, number: str = "CONSOLE1", **changes: Any) -> dict[str, Any]:
    """What WeChat says of a refund that was made in the console."""
    return {
        "mchid": make.resource(payment)["mchid"],
        "transaction_id": make.resource(payment)["transaction_id"],
        "out_trade_no": payment.payment_no,
        "refund_id": f"5030{number}",
        "out_refund_no": number,
        "refund_status": "SUCCESS",
        "success_time": "2026-11-23T12:05:00+08:00",
        "amount": {"total": payment.amount_fen, "refund": amount_fen},
        **changes,
    }


def heard(content: dict[str, Any], event: str) -> int:
    body, headers = make.notify(content, event=event)
    path = "/wechat/refund/notify" if event.startswith("REFUND") else "/wechat/pay/notify"
    return Client().generic("POST", path, body, headers=headers).status_code


def given_back(payment: Payment) -> tuple[str, str, int, int]:
    payment.refresh_from_db()
    return payment.status, payment.surplus_reason, payment.captured_fen, payment.refunded_fen


def test_a_refund_heard_before_its_payment_leaves_nothing_to_ship() -> None:
    order = make.order(price_fen=1000)
    payment = make.attempt(order)

    first = heard(said(payment, 1000), "REFUND.SUCCESS")
    again = heard(said(payment, 1000), "REFUND.SUCCESS")
    then = heard(make.resource(payment), "TRANSACTION.SUCCESS")
    outbox.deliver_due(at=AT)

    order.refresh_from_db()
    assert (first, again, then) == (204, 204, 204)
    assert order.status == "UNPAID"
    assert given_back(payment) == ("CAPTURED", "REFUNDED", 1000, 1000)
    assert list(Refund.objects.values_list("refund_no", "origin", "status", "amount_fen")) == [
        ("CONSOLE1", "CONSOLE", "SETTLED", 1000)
    ]
    assert Notification.objects.filter(handled_at=None).count() == 0


def test_of_a_part_refund_heard_first_the_rest_goes_back_as_well() -> None:
    payment = make.attempt(make.order(price_fen=1000))
    heard(said(payment, 300), "REFUND.SUCCESS")

    heard(make.resource(payment), "TRANSACTION.SUCCESS")
    outbox.deliver_due(at=AT)

    assert given_back(payment) == ("CAPTURED", "REFUNDED", 1000, 300)
    assert Refund.objects.get(origin="SHOP").amount_fen == 700


def test_the_order_of_a_payment_that_the_console_gave_back_is_refunded_and_not_shipped() -> None:
    buyer, cup = counter.buyer(), counter.goods(1000, units=5)
    order = orders.paid(buyer, [(cup, 2)])
    payment = Payment.objects.get()

    heard(said(payment, 2000), "REFUND.SUCCESS")
    outbox.deliver_due(at=AT)

    order.refresh_from_db()
    made = OrderRefund.objects.get()
    assert (order.status, made.wechat_fen, made.reason) == ("REFUNDED", 2000, "商户平台已退款")
    assert list(Refund.objects.values_list("origin", flat=True)) == ["CONSOLE"]
    assert cup.stocks.get().on_hand == 5
    assert given_back(payment) == ("CAPTURED", "", 2000, 2000)


def test_a_part_refund_of_the_console_counts_when_the_rest_is_refunded() -> None:
    buyer, cup = counter.buyer(), counter.goods(1000, units=5)
    order = orders.paid(buyer, [(cup, 2)])
    payment = Payment.objects.get()
    heard(said(payment, 500), "REFUND.SUCCESS")
    outbox.deliver_due(at=AT)
    assert orders.fresh(order).status == "PAID"

    aftersales.refund_unshipped(order_no=order.order_no, reason="缺货", operator=None, at=orders.LATER)

    assert orders.fresh(order).status == "REFUNDED"
    assert Refund.objects.get(origin="SHOP").amount_fen == 1500
    with pytest.raises(payments.RefundTooMuch):
        payments.request_refund(
            payment_no=payment.payment_no, amount_fen=1, reason="", business_key="x", at=orders.LATER
        )


def test_a_parcel_that_left_stays_with_the_buyer_whatever_the_console_did() -> None:
    buyer, cup = counter.buyer(), counter.goods(1000, units=5)
    order = orders.paid(buyer, [(cup, 1)])
    orders.ship(order)

    heard(said(Payment.objects.get(), 1000), "REFUND.SUCCESS")
    outbox.deliver_due(at=AT)

    assert orders.fresh(order).status == "SHIPPED"
    assert Payment.objects.get().refunded_fen == 1000


@pytest.mark.parametrize(
    "lie",
    [
        {"amount": {"total": 1000, "refund": 1001}},
        {"amount": {"total": 900, "refund": 900}},
        {"mchid": "1900000001"},
        {"out_trade_no": "PY0000000000"},
    ],
)
def test_what_does_not_fit_the_payment_is_not_believed(lie: dict[str, Any]) -> None:
    payment = make.attempt(make.order(price_fen=1000))

    status = heard(said(payment, 1000, **lie), "REFUND.SUCCESS")

    assert status in {400, 404, 409}
    assert (Refund.objects.count(), Payment.objects.get().status) == (0, "OPEN")


def test_another_transaction_than_the_captured_one_is_not_believed() -> None:
    payment = make.attempt(make.order(price_fen=1000))
    paying.confirm_payment(transaction=make.paid(payment), at=AT)

    assert heard(said(payment, 1000, transaction_id="4200other"), "REFUND.SUCCESS") == 409
    assert Refund.objects.count() == 0


def test_our_own_refund_of_surplus_that_the_console_gave_back_is_void() -> None:
    """WeChat told us by a query that the payment was refunded, not how much; so we asked for all of it, and it refused."""
    payment = make.attempt(make.order(price_fen=1000))
    paying.confirm_payment(transaction=make.paid(payment, trade_state="REFUND"), at=AT, from_query=True)
    outbox.deliver_due(at=AT)
    ours = Refund.objects.get()
    assert ours.amount_fen == 1000

    console.hear(result=facts.refund(said(payment, 400)), at=AT)

    ours.refresh_from_db()
    assert ours.status == "CLOSED"
    assert Refund.objects.get(business_key=f"after:{ours.refund_no}").amount_fen == 600


def test_a_refund_of_the_console_is_not_resubmitted_by_us() -> None:
    payment = make.attempt(make.order(price_fen=1000))
    heard(said(payment, 1000, refund_status="ABNORMAL"), "REFUND.ABNORMAL")

    assert Refund.objects.get().status == "FAILED"
    with pytest.raises(refunds.NotOurRefund):
        refunds.resubmit(refund_no="CONSOLE1", at=AT)


def test_a_console_refund_that_wechat_carries_out_later_is_counted_then() -> None:
    payment = make.attempt(make.order(price_fen=1000))
    paying.confirm_payment(transaction=make.paid(payment), at=AT)
    heard(said(payment, 1000, refund_status="ABNORMAL"), "REFUND.ABNORMAL")
    assert given_back(payment)[3] == 0

    heard(said(payment, 1000), "REFUND.SUCCESS")

    assert given_back(payment)[3] == 1000
    assert Order.objects.get().status == "PAID"
