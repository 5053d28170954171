"""What operators do with applications: issue, refuse, reverse, and record the red letter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import transaction

from apps.base import audit, days, transactions
from apps.invoices import papers, providers
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice
from apps.invoices.papers import Paper
from apps.invoices.providers import Asked
from apps.invoices.services import moving
from apps.invoices.states import LIFECYCLE
from mall.errors import Fault, Faulty, NotFound, ShopError
from mall.money import yuan


class AmountChanged(ShopError):
    """The order was refunded since: the paper says more than was paid. ``details``: ``amount_fen``, what holds now."""

    code = "invoice_amount_changed"
    message = "订单有新的退款，发票金额已变化，请按新金额重新开具"


class NoRedLetterDue(ShopError):
    """There is no reversed invoice without its red letter."""

    code = "invoice_no_red_letter_due"
    message = "该发票不需要登记红字发票"


class ReasonMissing(Faulty):
    """The buyer reads why."""

    code = "invoice_reason_missing"


_NUMBER_TAKEN = papers.PaperRefused([Fault("number", "该发票号码已登记在另一张发票上")])


def issue(*, invoice_no: str, amount_fen: int, paper: Paper | None, operator: Any, at: datetime) -> Invoice:
    """Have an application issued by the shop's provider, for the amount that the operator saw, and keep the paper.

    Called outside a transaction. Raises NotFound, MoveRefused, AmountChanged, PaperMissing, PaperRefused, and what the
    provider raises; nothing changes then.
    """
    transactions.forbid("an invoice's provider")
    provider = providers.named(invoice_facts.rules().provider)
    asked = _asked(invoice_no)
    if asked.amount_fen != amount_fen:
        raise AmountChanged(details={"amount_fen": asked.amount_fen})
    issued = provider.issue(asked, paper=paper)
    kind = papers.check(issued, since=_paid_on(invoice_no), today=days.shop_day(at))
    with transaction.atomic():
        row = moving.lock(invoice_no=invoice_no)
        LIFECYCLE.target(move="issue", current=row.status)
        left_fen = invoice_facts.really_paid_fen(row.order)
        if row.amount_fen != amount_fen or left_fen < amount_fen:
            raise AmountChanged(details={"amount_fen": min(left_fen, row.amount_fen)})
        row.number, row.code, row.issued_on = issued.number, issued.code, issued.issued_on
        row.issued_at, row.file_kind = at, kind
        row.file.save(f"{uuid4().hex}.{kind}", ContentFile(issued.content), save=False)
        kept = ("number", "code", "issued_on", "issued_at", "file", "file_kind")
        with transactions.refine({"invoice_number_once": _NUMBER_TAKEN}):
            moving.move(row, move="issue", with_columns=kept, at=at)
        audit.record(
            operator=operator, action="开具发票", subject=invoice_no, note=f"{yuan(row.amount_fen)} 元", at=at
        )
    return row


@transaction.atomic
def refuse(*, invoice_no: str, reason: str, operator: Any, at: datetime) -> Invoice:
    """Refuse an application; the member reads why and may apply anew. Raises NotFound, MoveRefused, ReasonMissing."""
    row = moving.lock(invoice_no=invoice_no)
    moving.move(row, move="refuse", reason=_reason(reason), at=at)
    audit.record(operator=operator, action="驳回发票申请", subject=invoice_no, note=row.reason, at=at)
    return row


@transaction.atomic
def reverse(*, invoice_no: str, reason: str, operator: Any, at: datetime) -> Invoice:
    """Take an issued invoice back: its red letter is due. Raises NotFound, MoveRefused, ReasonMissing."""
    row = moving.lock(invoice_no=invoice_no)
    moving.move(row, move="reverse", reason=_reason(reason), at=at)
    audit.record(operator=operator, action="红冲发票", subject=invoice_no, note=row.reason, at=at)
    return row


@transaction.atomic
def record_red_letter(*, invoice_no: str, number: str, on: date, operator: Any, at: datetime) -> Invoice:
    """Record the red letter of a reversed invoice. Raises NotFound, NoRedLetterDue, PaperRefused."""
    row = moving.lock(invoice_no=invoice_no)
    if not row.awaits_red_letter or row.issued_on is None:
        raise NoRedLetterDue
    papers.check_red(number=number, on=on, issued_on=row.issued_on, today=days.shop_day(at))
    if number == row.number:
        raise papers.PaperRefused([Fault("red_number", "红字发票号码与原发票号码相同")])
    row.red_number, row.red_on, row.waits_since = number, on, None
    row.save(update_fields=["red_number", "red_on", "waits_since"])
    audit.record(operator=operator, action="登记红字发票", subject=invoice_no, note=number, at=at)
    return row


def _paid_on(invoice_no: str) -> date:
    """The day before which nothing can be invoiced."""
    return invoice_facts.paid_on(Invoice.objects.select_related("order").get(invoice_no=invoice_no))


def _asked(invoice_no: str) -> Asked:
    """What the provider is asked for. Raises NotFound, MoveRefused."""
    row = Invoice.objects.select_related("order").filter(invoice_no=invoice_no).first()
    if row is None:
        raise NotFound
    LIFECYCLE.target(move="issue", current=row.status)
    return Asked(
        invoice_no=row.invoice_no,
        order_no=row.order.order_no,
        kind=row.kind,
        name=row.name,
        tax_no=row.tax_no,
        email=row.email,
        amount_fen=min(row.amount_fen, invoice_facts.really_paid_fen(row.order)),
    )


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing([Fault("reason", "请填写原因")])
    return reason.strip()[:100]
