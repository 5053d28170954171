"""Pre-sales as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from apps.campaigns.files import Code, Entry, Fen, Flag, Id, Part, Title, Units, When
from apps.presale import services as presales
from apps.presale.drafts import GoodDraft, PresaleDraft
from mall.errors import Fault

# What a file calls the window of the campaign.
_NAMED: Final = {"starts_at": "deposit_from", "ends_at": "deposit_until"}


class GoodEntry(Entry):
    """A SKU of a pre-sale."""

    sku_id: Id
    price_fen: Fen
    quota: Units


class PresaleEntry(Entry):
    """One pre-sale."""

    code: Code
    title: Title
    skus: list[GoodEntry]
    deposit_fen: Fen | None = None
    deposit_worth_fen: Fen | None = None
    deposit_from: When
    deposit_until: When
    preheat_at: When | None = None
    balance_from: When | None = None
    balance_until: When | None = None
    ships_by: When | None = None
    deposit_refundable: Flag = False
    combines: list[str] = []


def _load(entry: PresaleEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the pre-sale of this code, and approve it. Raises PresaleRefused, SkuTaken, QuotaTooSmall."""
    row = presales.CAMPAIGNS.of_code(entry.code)
    said = entry.model_dump(exclude={"skus", "deposit_from", "deposit_until"})
    draft = PresaleDraft(
        row_id=row.pk if row else None,
        starts_at=entry.deposit_from,
        ends_at=entry.deposit_until,
        goods=[GoodDraft(**good.model_dump()) for good in entry.skus],
        **said,
    )
    try:
        saved = presales.CAMPAIGNS.load(draft, at=at)
    except presales.PresaleRefused as refused:
        named = [Fault(_NAMED.get(fault.field, fault.field), fault.text) for fault in refused.faults]
        raise presales.PresaleRefused(named) from None
    return entry.code, saved.pk


def _dump() -> Iterator[PresaleEntry]:
    """Every pre-sale that was approved and not stopped."""
    for row in presales.CAMPAIGNS.decided():
        draft = presales.CAMPAIGNS.draft_of(row)
        said = {name: getattr(draft, name) for name in PresaleEntry.model_fields if hasattr(draft, name)}
        yield PresaleEntry(
            **said,
            deposit_from=draft.starts_at,
            deposit_until=draft.ends_at,
            skus=[
                GoodEntry(sku_id=good.sku_id, price_fen=good.price_fen, quota=good.quota)
                for good in draft.goods
            ],
        )


PART: Final = Part(name="presales", entry=PresaleEntry, load=_load, dump=_dump)
