"""Board 2: who hears which news. Left the event, right the listeners by their dotted path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mall import events

SUBSCRIPTIONS: Mapping[type[events.Event], Sequence[str]] = {
    events.OrderPaid: ["apps.checkout.handlers.count_sold_on_order_paid"],
    events.SurplusCaptured: ["apps.payments.handlers.refund_on_surplus_captured"],
    events.ParcelShipped: ["apps.checkout.handlers.upload_on_parcel_shipped"],
    events.WechatPushed: ["apps.checkout.handlers.receive_on_wechat_pushed"],
}
