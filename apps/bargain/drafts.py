"""A bargain as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class BargainDraft:
    """All that makes a bargain, for the window ``[starts_at, ends_at)``; money in fen, ``quota`` and
    ``limit_per_member`` None for no limit.

    ``bargain_id`` is the one that it changes; None makes a new one.
    """

    code: str
    title: str
    sku_id: int
    floor_fen: int
    helpers: int
    starts_at: datetime
    ends_at: datetime
    preheat_at: datetime | None = None
    helps_per_day: int = 3
    minutes_per_run: int = 24 * 60
    limit_per_member: int | None = 1
    buy_at_any_price: bool = True
    quota: int | None = None
    combines: Collection[str] = ()
    bargain_id: int | None = None

    def columns(self) -> dict[str, Any]:
        """The columns of its row, by name; the quota is a row of its own."""
        plain = asdict(self)
        for apart in ("bargain_id", "quota"):
            plain.pop(apart)
        return plain | {"combines": sorted(self.combines)}
