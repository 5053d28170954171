"""Orders as the order room writes them, without the counter."""

from __future__ import annotations

from typing import Any

from apps.base import clauses
from apps.orders import services as orders
from apps.orders.models import Order


def written(**order: Any) -> Order:
    """A new order of what ``orders.draft`` takes, written. Must run inside a transaction."""
    draft = orders.draft(**order)
    clauses.run([draft.keys], ahead=draft.statement)
    return draft.order
