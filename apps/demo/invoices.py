"""The demo shop's invoices: one waits for the shop, one was issued to a company."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.base import days
from apps.invoices import services as invoices
from apps.invoices.models import Invoice
from apps.invoices.papers import Paper
from apps.invoices.services import titles
from apps.orders.models import Order
from apps.orders.states import Status

_DAY: Final = timedelta(days=1)
_PERSONAL: Final = {"kind": "PERSONAL", "name": "林小茶"}
# The example of GB 32100-2015: nobody's number.
_COMPANY: Final = {
    "kind": "COMPANY",
    "name": "杭州清茶文化有限公司",
    "tax_no": "91350100M000100Y43",
    "email": "books@example.com",
}


def fill(*, at: datetime) -> None:
    """Make them where there are none at all, of the orders that were received last. Not inside a transaction."""
    if Invoice.objects.exists():
        return
    since = at - 20 * _DAY
    received = Order.objects.filter(
        status=Status.RECEIVED, received_at__gte=since, refunded_fen=0, balance_fen=0
    )
    orders = list(received.filter(payable_fen__gte=1).order_by("-received_at", "-id")[:2])
    for order, title in zip(orders, (_PERSONAL, _COMPANY), strict=False):
        kept = titles.add(member=order.member, fields=title, at=at - _DAY)
        row = invoices.apply(member=order.member, order_no=order.order_no, title_id=kept.pk, at=at - _DAY)
        if title is _COMPANY:
            invoices.issue(
                invoice_no=row.invoice_no,
                amount_fen=row.amount_fen,
                paper=_paper(at=at),
                operator=None,
                at=at,
            )


def _paper(*, at: datetime) -> Paper:
    """An empty page that says that it is no invoice."""
    said = b"BT /F1 18 Tf 60 760 Td (Rehearsal: this is not an invoice) Tj ET"
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(said), said),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    content, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(parts) + 1, len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    content += b"startxref\n%d\n%%%%EOF\n" % start
    return Paper(number="26332000000000000001", code="", issued_on=days.shop_day(at), content=content)
