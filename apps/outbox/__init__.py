"""The post room: events announced inside a transaction, delivered to each listener at least once."""

from apps.outbox.listening import TryLater, announced_at, outside_transaction, together

__all__ = ["TryLater", "announced_at", "outside_transaction", "together"]
