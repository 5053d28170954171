"""What a page that sends goods rests on: where an order goes, and which goods its lines name."""

from __future__ import annotations

from apps.orders.models import LineSwap, Order, OrderLine


def of(order: Order) -> str:
    """A short word for it, empty as long as nothing of it has changed since the order was placed. Two statements, or three.

    Another address has another one, and so have other goods in the place of a line's (``orders.swapping``).
    """
    moved = order.address_changes.order_by("id").values_list("pk", flat=True).last()
    swapped = LineSwap.objects.filter(line__order=order).order_by("id").values_list("pk", flat=True).last()
    if moved is None and swapped is None:
        return ""
    lines = OrderLine.objects.filter(order=order).order_by("id").values_list("pk", "sku_id")
    named = ",".join(f"{line}={sku}" for line, sku in lines) if swapped is not None else ""
    return f"{moved or 0}:{swapped or 0}:{named}"
