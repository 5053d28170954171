"""The one writer of an invoice's status: asks the lifecycle, writes the locked row, tells the member in the shop's inbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from apps.base import replica, transactions
from apps.invoices.models import Invoice
from apps.invoices.states import LIFECYCLE, InvoiceStatus
from apps.members.models import Member
from apps.messaging import services as messaging
from apps.orders import services as orders
from mall.errors import NotFound

# The board's scene of what became of an invoice.
SCENE = "invoice"


def lock(*, invoice_no: str) -> Invoice:
    """The invoice, locked behind its order until the end of the transaction. Raises NotFound.

    The order first, as everybody locks it who refunds: what is issued is issued by how it stands.
    """
    transactions.require()
    found = Invoice.objects.filter(invoice_no=invoice_no)
    order_no = found.values_list("order__order_no", flat=True).first()
    if order_no is None:
        raise NotFound
    order = orders.lock(order_no=order_no)
    row = Invoice.objects.select_for_update(no_key=True).get(invoice_no=invoice_no)
    row.order = order
    return row


def move(
    row: Invoice,
    *,
    move: str,
    reason: str = "",
    with_columns: Collection[str] = (),
    at: datetime,
) -> None:
    """Make a named move of a locked invoice; ``with_columns`` are written in the same statement, as the caller has set them.

    ``reason`` is why it was refused or reversed. Raises MoveRefused where it does not stand where the move begins.
    """
    transactions.require()
    row.status = InvoiceStatus(LIFECYCLE.target(move=move, current=row.status))
    row.waits_since = at if row.status == InvoiceStatus.REVERSED else None
    if row.status in {InvoiceStatus.REFUSED, InvoiceStatus.REVERSED}:
        row.reason, row.ended_at = reason, at
    row.save(update_fields=sorted({"status", "waits_since", "reason", "ended_at", *with_columns}))
    replica.wrote_for(Member, row.member_id)
    subject = f"{row.invoice_no}@{row.status}"
    messaging.write(
        scene=SCENE,
        member_id=row.member_id,
        subject=subject,
        occasion=subject,
        order_no=row.order.order_no,
        at=at,
    )
