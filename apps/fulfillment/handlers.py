"""What fulfillment does about news: who waits for a parcel is told of it."""

from __future__ import annotations

from datetime import datetime

from apps.fulfillment import selectors as parcel_facts
from apps.messaging import services as messaging
from mall import events


def tell_on_parcel_shipped(event: events.ParcelShipped, *, at: datetime) -> None:
    """Tell the buyer that a parcel has left, each parcel once."""
    messaging.write(
        scene="order_shipped",
        member_id=parcel_facts.receiver_of(event.parcel_no),
        subject=event.parcel_no,
        occasion=event.parcel_no,
        at=at,
    )
