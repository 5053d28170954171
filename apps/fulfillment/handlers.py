"""What fulfillment does about news: who waits for a parcel is told of it, and what WeChat pushes of its way is kept."""

from __future__ import annotations

from datetime import datetime

from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.services import tracing
from apps.messaging import services as messaging
from apps.wechat import paths
from apps.wechat import selectors as wechat_facts
from mall import events


def tell_on_parcel_shipped(event: events.ParcelShipped, *, at: datetime) -> None:
    """Tell the buyer that a parcel has left, each parcel once."""
    messaging.write(
        scene="order_shipped",
        member_id=parcel_facts.receiver_of(event.parcel_no),
        subject=event.parcel_no,
        occasion=event.parcel_no,
        order_no=event.order_no,
        at=at,
    )


def tell_on_parcel_delivered(event: events.ParcelDelivered, *, at: datetime) -> None:
    """Tell the buyer that their order has arrived, once, when the last of its parcels has."""
    if not parcel_facts.is_delivered(event.order_no):
        return
    messaging.write(
        scene="order_delivered",
        member_id=parcel_facts.receiver_of(event.parcel_no),
        subject=event.order_no,
        occasion=event.order_no,
        at=at,
    )


def trace_on_wechat_pushed(event: events.WechatPushed, *, at: datetime) -> None:
    """Keep the steps of a waybill that WeChat pushed; nothing else of what it pushes concerns parcels."""
    if event.kind != paths.EVENT:
        return
    said = wechat_facts.push_path(message_key=event.message_key)
    if said is not None:
        tracing.hear_path(said=said, at=at)
