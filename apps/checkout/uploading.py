"""发货信息 of what was paid for, without which WeChat keeps the money: one for each payment, told by its kind of bill."""

from __future__ import annotations

from datetime import datetime

from apps.checkout import bills
from apps.fulfillment.services import uploads
from apps.orders.models import Order
from apps.payments import selectors as payment_facts


def tell(*, bill_kind: str, bill_no: str, at: datetime) -> None:
    """Tell WeChat what a bill's payment paid for; nothing where no money was captured. Raises UploadLater.

    An order of virtual goods of which WeChat collected nothing says so for whom looks for its upload.
    """
    payment = payment_facts.captured_for(bill_kind=bill_kind, bill_no=bill_no)
    if payment is not None:
        bills.of(bill_kind).upload(payment, at=at)
    elif _asks_nothing(bill_kind, bill_no):
        uploads.upload(order_no=bill_no, bill_kind=bill_kind, bill_no=bill_no, transaction_id=None, at=at)


def tell_of_parcels(*, order_no: str, at: datetime) -> None:
    """Tell WeChat of an order's parcels, for each payment that it had.

    One that WeChat cannot take now stops no other. Raises the first UploadLater when all were tried.
    """
    paid = list(payment_facts.used(payment_facts.of_order(order_no=order_no)))
    if not paid:
        # Nothing was to be paid, or all from stored value: the order says so for whom looks for its upload.
        order = Order.objects.get(order_no=order_no)
        kind = bills.due_of(order).name
        uploads.upload(order_no=order_no, bill_kind=kind, bill_no=order_no, transaction_id=None, at=at)
        return
    trouble: uploads.UploadLater | None = None
    for payment in paid:
        try:
            bills.of(payment.bill_kind).upload(payment, at=at)
        except uploads.UploadLater as later:
            trouble = trouble or later
    if trouble is not None:
        raise trouble


def _asks_nothing(bill_kind: str, bill_no: str) -> bool:
    """Whether a bill is an order of virtual goods that was paid without WeChat."""
    order = (
        Order.objects.filter(order_no=bill_no, virtual=True).first()
        if bill_kind == bills.ORDER.name
        else None
    )
    return order is not None and not order.due_fen and order.paid_at is not None
