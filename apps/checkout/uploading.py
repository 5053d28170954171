"""发货信息 of what was paid for, without which WeChat keeps the money: one for each payment, told by its kind of bill."""

from __future__ import annotations

from datetime import datetime

from apps.checkout import bills
from apps.fulfillment.services import uploads
from apps.orders.models import Order
from apps.payments import selectors as payment_facts


def tell(*, bill_kind: str, bill_no: str, at: datetime) -> None:
    """Tell WeChat what a bill's payment paid for; nothing where no money was captured. Raises UploadLater."""
    payment = payment_facts.captured_for(bill_kind=bill_kind, bill_no=bill_no)
    if payment is not None:
        bills.of(bill_kind).upload(payment, at=at)


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
