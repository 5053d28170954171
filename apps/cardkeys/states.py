"""Statuses of a card key, and the table of its moves."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class CardStatus(models.TextChoices):
    """Where a card key stands."""

    AVAILABLE = "AVAILABLE", "未售"
    SOLD = "SOLD", "已售出"
    REVOKED = "REVOKED", "已收回"
    VOID = "VOID", "已作废"


LIFECYCLE = Lifecycle(
    "card_key",
    initial=CardStatus.AVAILABLE,
    moves={
        # With the payment of the order that it is for.
        "sell": Move({CardStatus.AVAILABLE}, CardStatus.SOLD),
        # The order was undone before its buyer could see any card: a group that was not formed.
        "put_back": Move({CardStatus.SOLD}, CardStatus.AVAILABLE),
        # Refunded by an operator after it was seen: nobody else gets it.
        "revoke": Move({CardStatus.SOLD}, CardStatus.REVOKED),
        # Taken out by an operator before it was sold.
        "void": Move({CardStatus.AVAILABLE}, CardStatus.VOID),
    },
    final={CardStatus.REVOKED, CardStatus.VOID},
    labels=dict(CardStatus.choices),
)
