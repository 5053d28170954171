"""Windows of campaigns as each process keeps them: which products wear a badge, read anew when one of them changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from apps.base import versions
from apps.campaigns.models import SkuWindow


class Shown(NamedTuple):
    """A campaign on one product: its lowest price over the product's SKUs, and when it can be ordered."""

    kind: str
    activity_id: str
    product_id: int
    label: str
    title: str
    price_fen: int
    preheat_at: datetime | None
    starts_at: datetime
    ends_at: datetime

    def shown_at(self, *, at: datetime) -> bool:
        """Whether shoppers are told of it at this moment."""
        return at < self.ends_at and (self.preheat_at is None or self.preheat_at <= at)


class Board(NamedTuple):
    """What ends after ``since``, kind by kind, by beginning and id."""

    since: datetime
    of_kind: dict[str, tuple[Shown, ...]]


def shown(*, kind: str, at: datetime) -> tuple[Shown, ...]:
    """The campaigns of a kind, product by product, that run or are announced at this moment.

    No statement while nothing changes.
    """
    rows = _BOARD.value_at(at).of_kind.get(kind)
    return tuple(row for row in rows if row.shown_at(at=at)) if rows else ()


def everything_shown(*, at: datetime) -> tuple[Shown, ...]:
    """The campaigns of all kinds that run or are announced at this moment. No statement while nothing changes."""
    return tuple(
        [row for rows in _BOARD.value_at(at).of_kind.values() for row in rows if row.shown_at(at=at)]
    )


def _load(since: datetime) -> Board:
    found: dict[tuple[str, str, int], Shown] = {}
    windows = SkuWindow.objects.filter(ends_at__gt=since, paused=False).order_by("kind", "starts_at", "id")
    for window in windows.select_related("sku"):
        key = (window.kind, window.activity_id, window.sku.product_id)
        known = found.get(key)
        if known is None or window.price_fen < known.price_fen:
            found[key] = Shown(
                kind=window.kind,
                activity_id=window.activity_id,
                product_id=window.sku.product_id,
                label=window.label,
                title=window.title,
                price_fen=window.price_fen,
                preheat_at=window.preheat_at,
                starts_at=window.starts_at,
                ends_at=window.ends_at,
            )
    of_kind: dict[str, list[Shown]] = {}
    for row in found.values():
        of_kind.setdefault(row.kind, []).append(row)
    return Board(since, {kind: tuple(rows) for kind, rows in of_kind.items()})


_BOARD: Final = versions.Kept("campaigns", "goods", load=_load, serves=lambda board, at: board.since <= at)
