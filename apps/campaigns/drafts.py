"""A campaign as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from apps.campaigns.models import CampaignColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """What the drafts of all kinds say: names, the window ``[starts_at, ends_at)``, what goes with the price.

    ``row_id`` is the campaign that it changes; None makes a new one.
    """

    # Fields that are no columns of the campaign's own row.
    apart: ClassVar[frozenset[str]] = frozenset()

    code: str
    title: str
    starts_at: datetime
    ends_at: datetime
    preheat_at: datetime | None = None
    combines: Collection[str] = ()
    row_id: int | None = None

    @classmethod
    def of(cls, row: CampaignColumns, **apart: Any) -> Self:
        """A campaign as it would be written; ``apart`` are those of the fields that are no columns and not empty."""
        columns = [field.name for field in fields(cls) if field.name not in cls.apart | {"row_id"}]
        return cls(row_id=row.pk, **{name: getattr(row, name) for name in columns}, **apart)

    def columns(self) -> dict[str, Any]:
        """The columns of its row, by name."""
        beside = self.apart | {"row_id"}
        plain = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in beside}
        return plain | {"combines": sorted(set(self.combines))}
