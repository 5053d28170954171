"""A pre-sale as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from apps.campaigns.drafts import CampaignDraft

# What shoppers are promised where the operator promises nothing else.
SHIPS_WITHIN: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodDraft:
    """A SKU, its price in fen, and how many units are planned."""

    sku_id: int
    price_fen: int
    quota: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresaleDraft(CampaignDraft):
    """All that makes a pre-sale; money in fen and per unit, windows half-open.

    Without a deposit the whole is paid at once, and there is no balance, whatever its window says. Without
    ``ships_by`` it is 72 hours after the last payment.
    """

    apart: ClassVar[frozenset[str]] = frozenset({"goods"})

    goods: Sequence[GoodDraft]
    deposit_fen: int | None = None
    deposit_worth_fen: int | None = None
    balance_from: datetime | None = None
    balance_until: datetime | None = None
    ships_by: datetime | None = None
    deposit_refundable: bool = False

    @property
    def last_payment_at(self) -> datetime:
        """When the last buyer has paid."""
        return self.balance_until if self.deposit_fen is not None and self.balance_until else self.ends_at

    @property
    def growth_fen(self) -> int:
        """What a unit's deposit is worth beyond what it costs."""
        if self.deposit_fen is None or self.deposit_worth_fen is None:
            return 0
        return self.deposit_worth_fen - self.deposit_fen

    def columns(self) -> dict[str, Any]:
        """The columns of its row, by name; goods and quotas are rows of their own."""
        plain = CampaignDraft.columns(self)
        if self.deposit_fen is None:
            plain |= dict.fromkeys(("deposit_worth_fen", "balance_from", "balance_until"))
        elif self.deposit_worth_fen is None:
            plain["deposit_worth_fen"] = self.deposit_fen
        plain["ships_by"] = self.ships_by or self.last_payment_at + SHIPS_WITHIN
        return plain
