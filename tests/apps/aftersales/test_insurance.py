"""Freight insurance: shown before buying, kept with the order; what the insurer paid is written down once and booked."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from apps.aftersales import insurance_files
from apps.aftersales.models import InsurancePayment
from apps.aftersales.services import insuring
from apps.aftersales.states import InsurancePayee
from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.models import JournalEntry
from apps.books.services import journal, rates
from apps.books.states import Account
from apps.catalog.models import Product, Sku
from mall.errors import Faulty
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Any], Any]


def second(after_sale_no: str, before: str = "P1") -> str:
    return (
        f"售后单「{after_sale_no}」已登记理赔「{before}」；确有另一笔时，请在售后单上登记并勾选「另一笔理赔」"
    )


def insured_cup(paid_by: str = "MERCHANT") -> Sku:
    sku = counter.goods(5_000)
    Product.objects.filter(pk=sku.product_id).update(freight_insurance=paid_by)
    return sku


def test_it_is_shown_before_buying_and_kept_as_it_was_shown(shopper_of: Shoppers) -> None:
    counter.freight(800)
    sku = insured_cup("SHOPPER")
    buyer, address = counter.buyer()
    shopper = shopper_of(buyer)
    shown = shopper.call("GET", f"/products/{sku.product_id}").json()["freight_insurance"]
    assert shown == {"paid_by": "SHOPPER", "text": "可自费购买退货运费险"}
    items = [{"sku_id": sku.pk, "quantity": 1}]
    quote = shopper.call("POST", "/checkout/quote", {"items": items, "address_id": address.pk}).json()
    # Nothing is charged for it.
    assert (quote["items"][0]["freight_insurance"], quote["payable_fen"]) == (shown, 5_800)
    order = counter.order(buyer, address, [(sku, 1)])
    Product.objects.filter(pk=sku.product_id).update(freight_insurance="NONE")
    told = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert told["items"][0]["freight_insurance"] == "SHOPPER"


def test_what_the_insurer_paid_is_written_down_once_and_all_rows_or_none() -> None:
    sku = counter.goods(5_000)
    order = make.paid(counter.buyer(), [(sku, 1)])
    make.ship(order)
    asked = apply.applied(order, {sku: 1}, "RETURN")
    head = "售后单号,理赔单号,金额,收款方\n"
    text = f"{head}{asked.after_sale_no},P1,12.50,商家\n"

    def bring(said: str) -> insuring.Recorded:
        return insuring.record(rows=insurance_files.read(said.encode("gbk")), operator=None, at=make.LATER)

    assert (bring(text).new, bring(text).known) == (1, 1)
    row = InsurancePayment.objects.get()
    assert (row.amount_fen, row.payee) == (1_250, InsurancePayee.SHOP)
    with pytest.raises(Faulty) as faulty:
        bring(
            f"{head}{asked.after_sale_no},P2,8,\nAS0,P3,8,\n{asked.after_sale_no},P1,9,商家\n{asked.after_sale_no},P4,501,\n"
        )
    assert [fault.text for fault in faulty.value.faults] == [
        f"第 2 行：{second(asked.after_sale_no)}",
        "第 3 行：没有售后单「AS0」",
        "第 4 行：理赔单号「P1」已登记，且内容不同",
        "第 5 行：金额应在 0.01 到 500 元之间",
    ]
    assert InsurancePayment.objects.count() == 1


@pytest.mark.parametrize(("typed", "fen"), [(12.5, 1250), (4.35, 435), (8, 800), ("6.70", 670)])
def test_an_amount_that_excel_keeps_as_a_number_is_read_to_the_fen(typed: float | str, fen: int) -> None:
    book = openpyxl.Workbook()
    for row in (["售后单号", "理赔单号", "金额"], ["AS1", "P1", typed]):
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    assert [row.amount_fen for row in insurance_files.read(file.getvalue())] == [fen]


def test_an_amount_of_less_than_a_fen_is_refused_by_its_row() -> None:
    book = openpyxl.Workbook()
    for row in (["售后单号", "理赔单号", "金额"], ["AS1", "P1", 0.125]):
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Faulty) as faulty:
        insurance_files.read(file.getvalue())
    assert [fault.text for fault in faulty.value.faults] == ["第 2 行：金额应为数字，例如 12.50"]


def test_one_return_is_paid_for_once_unless_an_operator_says_that_it_was_twice() -> None:
    sku = counter.goods(5_000)
    order = make.paid(counter.buyer(), [(sku, 1)])
    make.ship(order)
    number = apply.applied(order, {sku: 1}, "RETURN").after_sale_no

    def one(claim_no: str, *, again: bool = False) -> int:
        payee = InsurancePayee.BUYER
        return insuring.record_one(
            after_sale_no=number, claim_no=claim_no, amount_fen=1_200, payee=payee, again=again,
            operator=None, at=make.LATER,
        ).new  # fmt: skip

    assert (one("P1"), one("P1")) == (1, 0)
    with pytest.raises(Faulty) as faulty:
        one("P2")
    assert [fault.text for fault in faulty.value.faults] == [second(number)]
    assert one("P2", again=True) == 1
    # Also within one file.
    other = make.paid(counter.buyer(), [(sku, 1)])
    make.ship(other)
    number = apply.applied(other, {sku: 1}, "RETURN").after_sale_no
    rows = insurance_files.read(f"售后单号,理赔单号,金额\n{number},P8,12\n{number},P9,12\n".encode())
    with pytest.raises(Faulty) as faulty:
        insuring.record(rows=rows, operator=None, at=make.LATER)
    assert [fault.text for fault in faulty.value.faults] == [f"第 3 行：{second(number, 'P8')}"]
    assert InsurancePayment.objects.count() == 2


def test_premium_and_payment_are_in_the_books_and_in_the_orders_profit() -> None:
    day: date = days.shop_day(counter.NOW)
    rate = rates.opened(since=day, postage_fen=600, packing_fen=80, fee_bp=0, insurance_fen=150)
    rates.save(rate, at=counter.NOW - timedelta(days=1))
    sku = insured_cup()
    order = make.paid(counter.buyer(), [(sku, 1)])
    make.ship(order)
    asked = apply.applied(order, {sku: 1}, "RETURN")
    for number, payee in (("P1", InsurancePayee.SHOP), ("P2", InsurancePayee.BUYER)):
        insuring.record_one(
            after_sale_no=asked.after_sale_no,
            claim_no=number,
            amount_fen=1_000,
            payee=payee,
            again=number == "P2",
            operator=None,
            at=make.LATER,
        )
    journal.post_due(at=make.LATER + timedelta(days=2))
    stands = {
        row.account: row.closing_fen
        for row in journal_facts.balances(first=day, last=day + timedelta(days=1))
    }
    # 1.50 to the insurer, 10.00 from it; what the buyer got is not the shop's.
    assert (stands[Account.INSURANCE], stands[Account.INSURANCE_DUE], stands[Account.BANK]) == (
        -850,
        -150,
        1_000,
    )
    (found,) = journal_facts.profits(list(JournalEntry.objects.filter(kind="SALE"))).values()
    assert found.insurance_fen == -850
    assert list(journal_facts.unbalanced()) == []
