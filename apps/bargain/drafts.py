"""A bargain as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.campaigns.drafts import CampaignDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class BargainDraft(CampaignDraft):
    """All that makes a bargain; money in fen, ``quota`` and ``limit_per_member`` None for no limit."""

    apart: ClassVar[frozenset[str]] = frozenset({"quota"})

    sku_id: int
    floor_fen: int
    helpers: int
    helps_per_day: int = 3
    minutes_per_run: int = 24 * 60
    limit_per_member: int | None = 1
    buy_at_any_price: bool = True
    quota: int | None = None
