"""Another promise than the one that was fixed: how it takes its place in a deadline."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.deadlines.models import Deadline
from apps.orders.models import Order


def move_promise(*, order: Order, promised_at: datetime) -> Deadline:
    """Let another promise hold from now on, and warn of it anew; the caller has locked the order. The first one stays."""
    transactions.require()
    row = Deadline.objects.select_for_update().get(order=order)
    row.promised_at, row.warned_at = promised_at, None
    set_due(row)
    row.save(update_fields=["promised_at", "warned_at", "due_at"])
    return row


def set_due(row: Deadline) -> None:
    """What burns first: the promise that holds now, or WeChat's limit."""
    row.due_at = min(filter(None, [row.promised_at, row.limit_at]))
