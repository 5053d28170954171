"""The post room: events announced inside a transaction, delivered to each listener at least once."""

from apps.outbox.listening import TryLater, outside_transaction, together

__all__ = ["TryLater", "outside_transaction", "together"]
