"""What the counter does when it hears news: it alone sees both the parcel and the payment."""

from __future__ import annotations

from datetime import datetime

from apps import outbox
from apps.fulfillment.services import uploads
from apps.payments import selectors as payments
from mall.events import ParcelShipped


@outbox.outside_transaction
def upload_on_parcel_shipped(event: ParcelShipped, *, at: datetime) -> None:
    """Tell WeChat of the parcel; comes back with the outbox's back-off while WeChat cannot take it."""
    payment = payments.captured_for(order_no=event.order_no)
    try:
        uploads.upload(
            order_no=event.order_no, transaction_id=payment.transaction_id if payment else None, at=at
        )
    except uploads.UploadLater as later:
        raise outbox.TryLater(str(later)) from later
