"""The holder of seats in groups: what few orders share, so it comes before stock and after what is the member's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from apps.campaigns.services import SoldOut
from apps.checkout.activities import ActivityNotFound
from apps.checkout.holders import Holder, Part, Restored
from apps.groupbuy import services as groupbuy
from apps.groupbuy.states import KIND
from apps.orders import services as orders
from apps.orders.models import Order
from apps.payments import selectors as payment_facts
from mall.errors import NotFound
from mall.pricing.quote import Quote

# Orders of groups are paid in one piece.
_BILL: Final = "order"


class GroupSeats(Holder):
    """A seat in a group with the units of its campaign; an unpaid one is given up with the group's end at the latest."""

    taken_meanwhile = (groupbuy.GroupFull, groupbuy.GroupClosed, SoldOut)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        """Raises ActivityNotFound, and what ``groupbuy.hold`` refuses."""
        activity = order.activity or {}
        try:
            ends_at = groupbuy.hold(
                order_id=order.pk,
                order_no=order.order_no,
                member_id=order.member_id,
                group_buy_id=activity["id"],
                group_no=activity.get("group_no"),
                units=sum(item.quantity for item in quote.goods),
                at=at,
            )
        except NotFound:
            raise ActivityNotFound from None
        if ends_at is not None:
            orders.hasten(order=order, expires_at=ends_at)

    def commit(self, *, order: Order, at: datetime) -> None:
        used = payment_facts.captured_for(bill_kind=_BILL, bill_no=order.order_no)
        paid_at = used.captured_at if used and used.captured_at else at
        groupbuy.commit(order_id=order.pk, order_no=order.order_no, paid_at=paid_at, at=at)

    def release(self, *, order: Order, at: datetime) -> None:
        groupbuy.release(order_id=order.pk, order_no=order.order_no, at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.units:
            groupbuy.restore(
                order_id=order.pk,
                order_no=order.order_no,
                units=sum(part.units.values()),
                whole=part.kept_fen is None,
                cause=part.refund_no,
                at=at,
            )
