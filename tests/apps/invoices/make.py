"""Received orders, titles and invoices, made as plainly as possible."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.catalog.models import Sku
from apps.invoices import services as invoices
from apps.invoices.models import Invoice, InvoiceTitle
from apps.invoices.papers import Paper
from apps.invoices.services import titles
from apps.members.models import Member
from apps.orders.models import Order
from tests.apps.aftersales import apply
from tests.apps.fulfillment import make as fulfillment

NOW, LATER = apply.NOW, apply.LATER
# GB 32100-2015's own example.
TAX_NO = "91350100M000100Y43"
COMPANY = {"kind": "COMPANY", "name": "杭州清茶文化有限公司", "tax_no": TAX_NO, "email": "books@example.com"}
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
NUMBER = "26332000000012345678"


OFD_ROOT = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0"><ofd:DocBody>'
    b"<ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
    b"</ofd:DocBody></ofd:OFD>"
)


def ofd(
    root: bytes = OFD_ROOT, *, packed_as: int = zipfile.ZIP_DEFLATED, parts: Mapping[str, bytes] | None = None
) -> bytes:
    """An OFD of nothing but its root and the document that it names, or with these parts in its place."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packed_as) as file:
        file.writestr("OFD.xml", root)
        for name, content in (parts if parts is not None else {"Doc_0/Document.xml": b"<Document/>"}).items():
            file.writestr(name, content)
    return packed.getvalue()


def title(member: Member, **fields: Any) -> InvoiceTitle:
    return titles.add(member=member, fields={**COMPANY, **fields}, at=NOW)


def received(*wanted: tuple[int, int], **more: Any) -> tuple[Order, list[Sku]]:
    """An order that was received at NOW; by default one cup at 19.99."""
    return apply.received(*(wanted or ((1999, 1),)), **more)


def applied(order: Order, *, at: datetime = LATER) -> Invoice:
    kept = InvoiceTitle.objects.filter(member=order.member).first() or title(order.member)
    return invoices.apply(member=order.member, order_no=order.order_no, title_id=kept.pk, at=at)


def paper(content: bytes = PDF, *, number: str = NUMBER, code: str = "", days_ago: int = 0) -> Paper:
    on = (LATER - timedelta(days=days_ago)).date()
    return Paper(number=number, code=code, issued_on=on, content=content)


def issued(row: Invoice, *, at: datetime = LATER) -> Invoice:
    return invoices.issue(
        invoice_no=row.invoice_no,
        amount_fen=row.amount_fen,
        paper=paper(),
        operator=fulfillment.operator(),
        at=at,
    )


def fresh(row: Invoice) -> Invoice:
    return Invoice.objects.get(pk=row.pk)


def waiting() -> Invoice:
    """An application that waits for the shop."""
    return applied(received()[0])


def paid_out() -> Invoice:
    """An invoice that was issued."""
    return issued(waiting())


def taken_back() -> Invoice:
    """One that was reversed, and waits for its red letter."""
    return reverse(paid_out())


def refuse(row: Invoice) -> Invoice:
    return invoices.refuse(
        invoice_no=row.invoice_no, reason="税号有误", operator=fulfillment.operator(), at=LATER
    )


def reverse(row: Invoice) -> Invoice:
    return invoices.reverse(
        invoice_no=row.invoice_no, reason="抬头有误", operator=fulfillment.operator(), at=LATER
    )


def red_letter(row: Invoice) -> Invoice:
    return invoices.record_red_letter(
        invoice_no=row.invoice_no,
        number="2" * 20,
        on=LATER.date(),
        operator=fulfillment.operator(),
        at=LATER,
    )
