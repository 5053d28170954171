"""What is true of an invoice when its member is told what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.invoices.models import Invoice
from apps.invoices.states import InvoiceStatus
from apps.messaging.board import Facts

_HINTS: Final = {
    InvoiceStatus.ISSUED: "可在订单详情中查看和下载",
    InvoiceStatus.REFUSED: "原因见订单详情，可重新申请",
    InvoiceStatus.REVERSED: "原发票作废，仍有实付金额的可重新申请",
}


def moved(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The invoice and the status that it came to (``IV…@ISSUED``), as long as it stands there."""
    invoice_no, _, status = subject.partition("@")
    row = (
        Invoice.objects.select_related("order")
        .filter(invoice_no=invoice_no, status=status, member_id=member_id)
        .first()
    )
    if row is None or row.status not in _HINTS:
        return None
    return Facts(
        values={
            "order_no": row.order.order_no,
            "progress": row.get_status_display(),
            "amount": row.amount_fen,
            "hint": _HINTS[InvoiceStatus(row.status)],
            "moved_at": at,
        }
    )
