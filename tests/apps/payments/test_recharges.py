"""A payment is for an order or for a recharge, never for both or neither; and the database counts recharges once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.payments import selectors
from apps.payments import services as payments
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


def test_a_payment_is_for_an_order_or_for_a_recharge() -> None:
    order = make.order()
    for broken in ({"recharge_no": "RC1"}, {"order": None}):
        with pytest.raises(IntegrityError, match="payment_for_order_or_recharge"), transaction.atomic():
            make.attempt(order, **broken)


def test_a_recharge_has_one_open_attempt_and_is_paid_once() -> None:
    recharge = wallet.placed()
    make.recharge_attempt(recharge)
    with pytest.raises(IntegrityError, match="payment_one_open_per_recharge"), transaction.atomic():
        make.recharge_attempt(recharge)
    make.recharge_attempt(recharge, **captured(1))
    with pytest.raises(IntegrityError, match="payment_one_for_recharge"), transaction.atomic():
        make.recharge_attempt(recharge, **captured(2))
    make.recharge_attempt(recharge, **captured(3), is_surplus=True, surplus_reason="DOUBLE")
    make.recharge_attempt(wallet.placed())


def test_a_recharge_is_not_settled_as_an_order() -> None:
    attempt = make.recharge_attempt(wallet.placed())
    with pytest.raises(TypeError), transaction.atomic():
        payments.settle(transaction=make.paid(attempt), at=AT)


def test_what_belongs_to_no_recharge_is_never_found_as_one() -> None:
    paid = make.attempt(make.order(), **{**captured(1), "captured_fen": 1000})
    assert selectors.captured_for_recharge(recharge_no="") is None
    assert selectors.has_open_recharge_attempt(recharge_no="") is False
    assert selectors.recharge_no_of(payment_no=paid.payment_no) == ""
    assert selectors.recharge_no_of(payment_no="PY0") == ""
    assert payments.close_open_recharge_attempt(recharge_no="", at=AT) is None


def test_a_receipt_is_looked_for_among_orders_only() -> None:
    make.recharge_attempt(wallet.placed(), **captured(1))
    assert selectors.paid_by(transaction_id="42001") is None


def test_attempts_of_both_kinds_are_asked_about() -> None:
    order, recharge = make.attempt(make.order()), make.recharge_attempt(wallet.placed())
    later = AT + timedelta(minutes=2)
    assert set(selectors.unheard(at=later)) == {order, recharge}
