"""The demo shop's packs. Stored value itself stays switched off until ``WALLET_ENABLED=1``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.base import days
from apps.wallet.models import Pack

# Title, principal and bonus in fen, how often a member may buy it (0: as often as one likes).
_PACKS: Final = (
    ("充200送10", 20_000, 1_000, 0),
    ("充500送50", 50_000, 5_000, 0),
    ("新客充100送20", 10_000, 2_000, 1),
)


def fill(*, at: datetime) -> None:
    """Put packs on offer from this morning for a year, where there are none at all."""
    if Pack.objects.exists():
        return
    today, _ = days.day_window(days.shop_day(at))
    Pack.objects.bulk_create(
        Pack(
            title=title,
            principal_fen=principal_fen,
            bonus_fen=bonus_fen,
            per_member=per_member,
            starts_at=today,
            ends_at=today + timedelta(days=365),
            position=position,
        )
        for position, (title, principal_fen, bonus_fen, per_member) in enumerate(_PACKS, start=1)
    )
