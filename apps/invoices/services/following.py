"""What a refund makes of an order's invoice: it says less, is refused, or has to be taken back by a red letter."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice
from apps.invoices.services import moving
from apps.invoices.states import InvoiceStatus
from apps.orders import services as orders


@transaction.atomic
def follow_refund(*, order_no: str, at: datetime) -> Invoice | None:
    """Bring the invoice that holds in line with what is left of what was paid; None where nothing had to change.

    An application says so much less, or is refused where nothing is left; what was issued is reversed. Again: nothing.
    Raises NotFound for no such order.
    """
    order = orders.lock(order_no=order_no)
    live = invoice_facts.live_of(order)
    if live is None:
        return None
    left_fen = invoice_facts.really_paid_fen(order)
    if left_fen >= live.amount_fen:
        return None
    row = moving.lock(invoice_no=live.invoice_no)
    if row.status == InvoiceStatus.ISSUED:
        moving.move(row, move="reverse", reason="订单退款，原发票红冲", at=at)
    elif left_fen < 1:
        moving.move(row, move="refuse", reason="订单已全额退款", at=at)
    else:
        row.amount_fen = left_fen
        row.save(update_fields=["amount_fen"])
    return row
