"""What an insurer of freight paid for a return, written down once: nobody at WeChat or the insurer is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.aftersales.insurance_files import Row
from apps.aftersales.models import AfterSale, InsurancePayment
from apps.aftersales.states import AfterSaleKind, InsurancePayee
from apps.base import transactions
from apps.orders import reach
from mall.errors import Fault, Faulty, Kind, ShopError

# Postage of a return; more is a typing error.
MOST_FEN: Final = 50_000
_MOST_FAULTS: Final = 50
_BRINGS_GOODS_BACK: Final = (AfterSaleKind.RETURN, AfterSaleKind.EXCHANGE)


class ClaimTwice(ShopError):
    """The insurer's number was written down before, with other figures."""

    code = "claim_twice"
    message = "该理赔单号已登记，且内容不同"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a file: so many are new, so many rows were there before."""

    new: int
    known: int


def record(*, rows: Sequence[Row], operator: Any, at: datetime) -> Recorded:
    """Write down what insurers paid, all rows or none; one that is there already is passed over.

    An application has one payment, and another only where a row says ``again``.

    What the shop got reaches the double-entry books and the order's profit by itself. Raises Faulty with a sentence for each
    row that is wrong, ClaimTwice.
    """
    with transaction.atomic(), transactions.refine({_ONCE: ClaimTwice}):
        # Locked, so that two claims of one return are counted one after the other.
        told = AfterSale.objects.select_for_update(no_key=True, of=("self",)).filter(
            after_sale_no__in={row.after_sale_no for row in rows}
        )
        found = reach.narrowed(told, operator=operator, of="order").order_by("pk")
        applications = {one.after_sale_no: one for one in found}
        there = InsurancePayment.objects.filter(claim_no__in={row.claim_no for row in rows})
        known = {one.claim_no: one for one in there}
        paid = dict(
            InsurancePayment.objects.filter(after_sale__in=applications.values())
            .order_by("-id")
            .values_list("after_sale__after_sale_no", "claim_no")
        )
        faults: list[Fault] = []
        fresh: list[InsurancePayment] = []
        seen: dict[str, int] = {}
        for row in rows:
            fault = _fault(row, applications, known, seen) or (
                "" if row.claim_no in known else _second(row, paid)
            )
            if fault:
                faults.append(Fault("", f"第 {row.number} 行：{fault}"))
            elif row.claim_no not in known:
                paid.setdefault(row.after_sale_no, row.claim_no)
                fresh.append(_payment(row, applications[row.after_sale_no], operator=operator, at=at))
        if faults:
            raise Faulty(faults[:_MOST_FAULTS])
        InsurancePayment.objects.bulk_create(fresh)
    return Recorded(new=len(fresh), known=len(rows) - len(fresh))


def record_one(
    *,
    after_sale_no: str,
    claim_no: str,
    amount_fen: int,
    payee: InsurancePayee,
    again: bool = False,
    operator: Any,
    at: datetime,
) -> Recorded:
    """Write down one payment, as ``record`` does; ``again``: it is a second one. Raises Faulty, ClaimTwice."""
    row = Row(1, after_sale_no, claim_no, amount_fen, payee, again)
    try:
        return record(rows=[row], operator=operator, at=at)
    except Faulty as faulty:
        raise Faulty([Fault("", fault.text.partition("：")[2]) for fault in faulty.faults]) from faulty


_ONCE: Final = "aftersales_insurancepayment_claim_no_key"


def _payment(row: Row, of: AfterSale, *, operator: Any, at: datetime) -> InsurancePayment:
    return InsurancePayment(
        claim_no=row.claim_no,
        after_sale=of,
        amount_fen=row.amount_fen,
        payee=row.payee,
        operator=operator,
        at=at,
    )


def _fault(
    row: Row,
    applications: Mapping[str, AfterSale],
    known: Mapping[str, InsurancePayment],
    seen: dict[str, int],
) -> str:
    """What is wrong with a row; empty for nothing."""
    of = applications.get(row.after_sale_no)
    first = seen.setdefault(row.claim_no, row.number)
    if first != row.number:
        return f"理赔单号「{row.claim_no}」与第 {first} 行重复"
    if of is None:
        return f"没有售后单「{row.after_sale_no[:32]}」"
    if of.kind not in _BRINGS_GOODS_BACK:
        return f"售后单「{row.after_sale_no}」不寄回商品，没有退货运费"
    if not 1 <= row.amount_fen <= MOST_FEN:
        return f"金额应在 0.01 到 {MOST_FEN // 100} 元之间"
    before = known.get(row.claim_no)
    if before and (before.after_sale_id, before.amount_fen, before.payee) != (
        of.pk,
        row.amount_fen,
        row.payee,
    ):
        return f"理赔单号「{row.claim_no}」已登记，且内容不同"
    return ""


def _second(row: Row, paid: Mapping[str, str]) -> str:
    """Whether the application was paid for under another number, and nobody said that this is a second one."""
    before = paid.get(row.after_sale_no)
    if row.again or before is None:
        return ""
    return f"售后单「{row.after_sale_no}」已登记理赔「{before}」；确有另一笔时，请在售后单上登记并勾选「另一笔理赔」"
