"""A referral campaign as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.campaigns.drafts import CampaignDraft
from apps.referrals.models import Referral, Tier
from apps.referrals.states import PrizeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Prize:
    """A coupon of a template, so many points, or ``units`` of a SKU that the winner orders within ``days``."""

    kind: str
    coupon_id: int | None = None
    points: int | None = None
    sku_id: int | None = None
    units: int | None = None
    days: int | None = None

    @classmethod
    def of(cls, row: Referral | Tier) -> Prize | None:
        """The prize in a row's columns; None where there is none."""
        if not row.prize_kind:
            return None
        return cls(
            kind=PrizeKind(row.prize_kind),
            coupon_id=row.coupon_id,
            points=row.points,
            sku_id=row.sku_id,
            units=row.units,
            days=row.days,
        )

    def columns(self) -> dict[str, Any]:
        """The columns of a row that has it."""
        goods = {"sku_id": self.sku_id, "units": self.units, "days": self.days}
        return {"prize_kind": self.kind, "coupon_id": self.coupon_id, "points": self.points, **goods}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many friends win this."""

    friends: int
    prize: Prize


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDraft(CampaignDraft):
    """All that makes a referral campaign; ``friend_prize`` None where friends get nothing of their own.

    ``watch_kind`` and ``watch_id`` name the page that a friend has to stay at for ``watch_seconds`` (WATCHED only).
    """

    apart: ClassVar[frozenset[str]] = frozenset({"tiers", "friend_prize"})

    act: str
    tiers: Sequence[Step]
    needs_phone: bool = False
    watch_kind: str = ""
    watch_id: int | None = None
    watch_seconds: int | None = None
    friend_prize: Prize | None = None
