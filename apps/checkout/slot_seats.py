"""The holder of seats in slots: what the orders of one shop and time share, so it comes before the stock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings

from apps.checkout.holders import Holder, Part, Restored
from apps.orders import services as orders
from apps.orders.models import Order
from apps.pickup.services import seats
from mall.pricing.quote import Quote


class SlotSeats(Holder):
    """A seat in the slot that the order agreed on; it is paid while orders for the slot are taken, or given back.

    That nobody sells a seat twice is the guarded statement's; a seat that was taken meanwhile cannot be done without, so
    a new quote would not help (``taken_meanwhile`` is empty).
    """

    def concerns(self, order: Order) -> bool:
        return order.slot is not None

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        """Raises SlotFull."""
        seats.take(order=order, at=at)
        if order.slot is not None:
            order_by = datetime.fromisoformat(order.slot["order_by"])
            # Who orders at the last moment has time to pay all the same, and not as much as others; none once it is over.
            least = at + timedelta(minutes=settings.LARGE_ORDER_PAYMENT_MINUTES)
            over = datetime.fromisoformat(order.slot["ends_at"])
            orders.hasten(order=order, expires_at=min(max(order_by, least), over))

    def commit(self, *, order: Order, at: datetime) -> None:
        """It is the order's since it was placed."""

    def release(self, *, order: Order, at: datetime) -> None:
        seats.give_back(order=order, at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.undone:
            seats.give_back(order=order, at=at)
