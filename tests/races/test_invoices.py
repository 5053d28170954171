"""A buyer, an operator and a refund at one order's invoice at once: one that holds, never for more than was paid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.invoices import selectors as invoice_facts
from apps.invoices import services as invoices
from apps.invoices.models import Invoice
from apps.invoices.services import applying
from apps.orders.models import Order
from tests.apps.aftersales import make as aftersales
from tests.apps.fulfillment import make as fulfillment
from tests.apps.invoices import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def private_root(tmp_path: Path, settings: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path / "private"


def applying_for(order: Order) -> Callable[[], str]:
    title = make.title(order.member)

    def say() -> str:
        invoices.apply(member=order.member, order_no=order.order_no, title_id=title.pk, at=make.LATER)
        return "applied"

    return say


def refunding(order: Order, sku: Any) -> Callable[[], str]:
    who = fulfillment.operator()

    def say() -> str:
        aftersales.refund(order, {sku: 1}, operator=who)
        invoices.follow_refund(order_no=order.order_no, at=make.LATER)
        return "refunded"

    return say


def test_six_applications_at_once_are_one() -> None:
    order, _ = make.received()
    say = applying_for(order)
    assert all_answers([say] * 6) == {"applied": 1, "invoice_exists": 5}
    assert Invoice.objects.count() == 1


def test_without_the_lock_two_would_be_made_and_only_the_database_refuses() -> None:
    order, _ = make.received()
    title = make.title(order.member)
    # Everybody has looked before anybody wrote: what the order's lock forbids.
    seen = applying._require_invoiceable(order, days=30, at=make.LATER)

    def write() -> str:
        with applying.transactions.refine({applying._ONE: applying.InvoiceExists}):
            applying._write(order, title, amount_fen=seen, at=make.LATER)
        return "written"

    assert all_answers([write] * 4) == {"written": 1, "invoice_exists": 3}


def test_whoever_is_first_application_or_refund_the_invoice_says_what_is_left() -> None:
    for _ in range(4):
        order, (cup, _) = make.received((1999, 2), (500, 1))
        outcome = all_answers([applying_for(order), refunding(order, cup)])
        assert outcome == {"applied": 1, "refunded": 1}
        row = Invoice.objects.get(order=order)
        assert (row.status, row.amount_fen) == ("APPLIED", order.payable_fen - 1999)


def test_whoever_is_first_issue_or_refund_no_paper_that_holds_says_too_much() -> None:
    for _ in range(4):
        order, (cup,) = make.received((1999, 2))
        row = make.applied(order)

        def issue(row: Invoice = row) -> str:
            make.issued(row)
            return "issued"

        outcome = all_answers([issue, refunding(order, cup)])
        row = make.fresh(row)
        left_fen = invoice_facts.really_paid_fen(aftersales.fresh(order))
        assert (outcome["refunded"], left_fen) == (1, order.payable_fen - 1999)
        if outcome["issued"]:
            assert (row.status, row.awaits_red_letter) == ("REVERSED", True)
        else:
            assert outcome["invoice_amount_changed"] == 1
            assert (row.status, row.amount_fen) == ("APPLIED", left_fen)
