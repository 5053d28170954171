"""A referral campaign as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.campaigns.drafts import CampaignDraft
from apps.referrals.states import PrizeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Prize:
    """A coupon of a template, or so many points."""

    kind: str
    coupon_id: int | None = None
    points: int | None = None

    @classmethod
    def of(cls, kind: str, coupon_id: int | None, points: int | None) -> Prize | None:
        """The prize of a row's columns; None where there is none."""
        return cls(kind=PrizeKind(kind), coupon_id=coupon_id, points=points) if kind else None

    def columns(self) -> dict[str, Any]:
        """The columns of a row that has it."""
        return {"prize_kind": self.kind, "coupon_id": self.coupon_id, "points": self.points}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many friends win this."""

    friends: int
    prize: Prize


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDraft(CampaignDraft):
    """All that makes a referral campaign; ``friend_prize`` None where friends get nothing of their own."""

    apart: ClassVar[frozenset[str]] = frozenset({"tiers", "friend_prize"})

    act: str
    tiers: Sequence[Step]
    needs_phone: bool = False
    friend_prize: Prize | None = None
