"""The quota of a flash sale as something scarce that an order takes: few orders share it beside the stock it is of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from apps.campaigns import services as campaigns
from apps.checkout.holders import Holder, Part, Restored
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.orders.models import Order
from mall.errors import ShopError
from mall.pricing.quote import Quote


class FlashQuota(Holder):
    """Units of a good of a flash sale, and what one member may have of it."""

    taken_meanwhile: ClassVar[tuple[type[ShopError], ...]] = (campaigns.SoldOut, campaigns.LimitReached)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == flash_facts.KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        flashsale.hold(
            order_no=order.order_no,
            member_id=order.member_id,
            good_id=_good_id(order),
            units=sum(item.quantity for item in quote.goods),
            at=at,
        )

    def commit(self, *, order: Order, at: datetime) -> None:
        flashsale.commit(order_no=order.order_no, at=at)

    def release(self, *, order: Order, at: datetime) -> None:
        flashsale.release(order_no=order.order_no, good_id=_good_id(order), at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        flashsale.restore(
            order_no=order.order_no,
            good_id=_good_id(order),
            units=sum(part.units.values()),
            restocked=sum(units for sku_id, units in part.restocked.items() if sku_id in part.units),
            cause=part.refund_no,
            at=at,
        )


def _good_id(order: Order) -> int:
    return int((order.activity or {})["id"])
