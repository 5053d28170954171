"""Packing options for tests, with a picture that need not be drawn."""

from __future__ import annotations

from typing import Any

from apps.fulfillment.models import PackingOption
from apps.fulfillment.services import packing


def option(name: str = "尊享包装", *, price_fen: int = 1500, **columns: Any) -> PackingOption:
    """What an order may be wrapped in, without a card and uncounted if nothing else is said."""
    said = {"cost_fen": 600, "image": "demo/box/full.jpg", **columns}
    return packing.save(PackingOption(name=name, price_fen=price_fen, **said))


def card(name: str = "礼品包装", *, message_most: int = 60, **columns: Any) -> PackingOption:
    """One with a card."""
    return option(name, message_most=message_most, **{"price_fen": 800, **columns})
