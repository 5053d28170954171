"""Bargains as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from apps.bargain import services as bargains
from apps.bargain.drafts import BargainDraft
from apps.campaigns.files import Code, Entry, Fen, Flag, Id, Part, Title, Units, When


class BargainEntry(Entry):
    """One bargain."""

    code: Code
    title: Title
    sku_id: Id
    floor_fen: Fen
    helpers: Units
    starts_at: When
    ends_at: When
    preheat_at: When | None = None
    helps_per_day: Units = 3
    minutes_per_run: Units = 24 * 60
    # A file that says nothing of it means what files meant before there was a limit.
    limit_per_member: Units | None = None
    buy_at_any_price: Flag = True
    quota: Units | None = None
    combines: list[str] = []


def _load(entry: BargainEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the bargain of this code, and approve it. Raises BargainRefused, SkuTaken, QuotaTooSmall."""
    row = bargains.CAMPAIGNS.of_code(entry.code)
    draft = BargainDraft(row_id=row.pk if row else None, **entry.model_dump())
    return entry.code, bargains.CAMPAIGNS.load(draft, at=at).pk


def _dump() -> Iterator[BargainEntry]:
    """Every bargain that was approved and not stopped."""
    for row in bargains.CAMPAIGNS.decided():
        draft = bargains.CAMPAIGNS.draft_of(row)
        yield BargainEntry(**{name: getattr(draft, name) for name in BargainEntry.model_fields})


PART: Final = Part(name="bargains", entry=BargainEntry, load=_load, dump=_dump)
