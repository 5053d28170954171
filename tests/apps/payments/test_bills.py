"""A payment is for one bill, of which an order may have several; and the database counts each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.payments import selectors as payment_facts
from tests.apps.payments import make
from tests.apps.payments.make import AT
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def captured(number: int) -> dict[str, Any]:
    return {
        "status": "CAPTURED",
        "transaction_id": f"4200{number}",
        "captured_at": AT,
        "captured_fen": 50_000,
        "prepay_id": "",
    }


def test_a_payment_names_its_bill() -> None:
    order = make.order()
    for unnamed in ({"bill_no": "RC1", "bill_kind": ""}, {"bill_no": "", "order": None}):
        with pytest.raises(IntegrityError, match="payment_names_its_bill"), transaction.atomic():
            make.attempt(order, **unnamed)


def test_a_bill_has_one_open_attempt_and_is_paid_once() -> None:
    recharge = wallet.placed()
    make.recharge_attempt(recharge)
    with pytest.raises(IntegrityError, match="payment_one_open_per_bill"), transaction.atomic():
        make.recharge_attempt(recharge)
    make.recharge_attempt(recharge, **captured(1))
    with pytest.raises(IntegrityError, match="payment_one_for_bill"), transaction.atomic():
        make.recharge_attempt(recharge, **captured(2))
    make.recharge_attempt(recharge, **captured(3), is_surplus=True, surplus_reason="DOUBLE")
    make.recharge_attempt(wallet.placed())


def test_an_order_may_have_several_bills_each_paid_once() -> None:
    order = make.order()
    deposit = make.attempt(order, bill_kind="deposit", **captured(1))
    make.attempt(order, bill_kind="balance")
    balance = make.attempt(order, bill_kind="balance", **captured(2))
    with pytest.raises(IntegrityError, match="payment_one_for_bill"), transaction.atomic():
        make.attempt(order, bill_kind="balance", **captured(3))
    assert list(payment_facts.used(payment_facts.of_order(order_no=order.order_no))) == [deposit, balance]
    assert payment_facts.captured_for(bill_kind="deposit", bill_no=order.order_no) == deposit
    assert payment_facts.captured_for(bill_kind="order", bill_no=order.order_no) is None


def test_numbers_of_two_kinds_that_are_alike_are_two_bills() -> None:
    recharge = wallet.placed()
    make.recharge_attempt(recharge)
    other = make.recharge_attempt(recharge, bill_kind="other")
    assert list(payment_facts.of_bill(bill_kind="other", bill_no=recharge.recharge_no)) == [other]


def test_a_receipt_is_looked_for_among_orders_only() -> None:
    make.recharge_attempt(wallet.placed(), **captured(1))
    assert payment_facts.paid_by(transaction_id="42001") is None


def test_attempts_of_both_kinds_are_asked_about() -> None:
    order, recharge = make.attempt(make.order()), make.recharge_attempt(wallet.placed())
    later = AT + timedelta(minutes=2)
    assert set(payment_facts.unheard(at=later)) == {order, recharge}
