"""An operator at the refund page of an order: what is filled in, shown and confirmed, as the browser sends it."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from apps.orders.models import Order
from tests.admin import shop


def at(order: Order, way: str = "refund-part") -> str:
    return f"/admin/orders/order/{order.pk}/{way}/"


def text(response: Any) -> str:
    return "\n".join(shop.shown(response))


def hidden(response: Any) -> dict[str, str]:
    """The hidden fields of a page, as the browser sends them on."""
    found = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def filled(page: Client, order: Order, **typed: Any) -> Any:
    """The page with the figures, after so much was filled in; a line is named by its SKU's number."""
    lines = {
        f"{field}_{line.pk}": typed.pop(f"{field}_{line.sku_id}", "")
        for line in order.lines.all()
        for field in ("units", "restock")
    }
    sent = {**hidden(page.get(at(order))), "reason": "杯口有裂纹", **lines, **typed, "step": "preview"}
    return page.post(at(order), sent)


def confirmed(page: Client, order: Order, shown: Any) -> Any:
    return page.post(at(order), {**hidden(shown), "step": "confirm"}, follow=True)
