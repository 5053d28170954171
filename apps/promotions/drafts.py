"""A promotion as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final

from apps.catalog import scopes
from apps.catalog.scopes import Goods
from apps.promotions.models import Promotion

Kind = Promotion.Kind

# The figures that each kind uses; what another kind uses is emptied, so that a row never says more than its offer.
FIGURES: Final[dict[str, set[str]]] = {
    Kind.STEPPED: {"steps", "by_pieces"},
    Kind.PERCENT: {"off_bp", "cap_fen"},
    Kind.FIXED: {"off_fen", "price_fen", "cap_fen"},
    Kind.GIFT: {"parts", "by_pieces"},
    Kind.BUNDLE: {"parts", "price_fen"},
    Kind.N_FOR_M: {"pieces", "price_fen"},
    Kind.SECOND_HALF: {"off_bp", "same_sku"},
    Kind.STEP_PRICE: {"steps", "rise_bp", "rise_hours"},
    Kind.FREE_POSTAGE: {"threshold_fen", "regions"},
}
EMPTY: Final[dict[str, Any]] = {
    "steps": (),
    "by_pieces": False,
    "parts": (),
    "off_bp": None,
    "off_fen": None,
    "price_fen": None,
    "pieces": None,
    "same_sku": True,
    "rise_bp": None,
    "rise_hours": None,
    "cap_fen": None,
    "threshold_fen": None,
    "regions": (),
    "excludes": (),
}
LIMITS: Final = ("limit_total", "limit_per_day", "limit_per_member", "limit_per_member_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDraft:
    """All that makes a promotion, for the window ``[starts_at, ends_at)``; money in fen, the rest as in the model.

    ``parts`` are (at least, SKU id, quantity) of gifts, or of a bundle with 0 in front; ``steps`` are
    ``[threshold, off_fen]`` (fen or, ``by_pieces``, pieces), of a step-up price ``[units, off_bp]``.
    ``promotion_id`` is the one that it changes; None makes a new one.
    """

    kind: str
    label: str
    starts_at: datetime
    ends_at: datetime
    promotion_id: int | None = None
    enabled: bool = True
    campaign_id: int | None = None
    member_day_id: int | None = None
    group_id: int | None = None
    goods: Goods = field(default_factory=Goods)
    parts: Sequence[tuple[int, int, int]] = ()
    by_pieces: bool = False
    steps: Sequence[Sequence[int]] = ()
    off_bp: int | None = None
    off_fen: int | None = None
    price_fen: int | None = None
    pieces: int | None = None
    same_sku: bool = True
    rise_bp: int | None = None
    rise_hours: int | None = None
    cap_fen: int | None = None
    threshold_fen: int | None = None
    regions: Sequence[str] = ()
    combines: bool = True
    excludes: Sequence[str] = ()
    limit_total: int | None = None
    limit_per_day: int | None = None
    limit_per_member: int | None = None
    limit_per_member_day: int | None = None

    def fitted(self) -> PromotionDraft:
        """The same without what its kind does not use; an unknown kind keeps all."""
        if self.kind not in FIGURES:
            return self
        used = FIGURES[self.kind] | ({"excludes"} if self.combines else set())
        unused = {name: EMPTY[name] for name in EMPTY.keys() - used}
        # Nothing is nothing, be it a list or a tuple.
        said = {name: empty for name, empty in unused.items() if empty != () or getattr(self, name)}
        return replace(self, **said)

    def unused(self) -> list[str]:
        """The fields that say something which the kind does not use: ``fitted`` empties them."""
        fitted = self.fitted()
        return [one.name for one in fields(self) if getattr(self, one.name) != getattr(fitted, one.name)]

    def columns(self) -> dict[str, Any]:
        """The columns of its row, by name; goods and parts are rows of their own."""
        apart = {"promotion_id", "goods", "parts"}
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in apart}
        return plain | {
            "scope": self.goods.kind,
            "steps": [list(step) for step in self.steps],
            "regions": list(self.regions),
            "excludes": list(self.excludes),
        }


def of_row(row: Promotion) -> PromotionDraft:
    """The draft that a saved promotion would come from: two statements, for changing one thing of it."""
    apart = {"promotion_id", "goods", "parts"}
    plain = {one.name: getattr(row, one.name) for one in fields(PromotionDraft) if one.name not in apart}
    return PromotionDraft(
        promotion_id=row.pk,
        goods=scopes.of_row(row),
        parts=tuple(row.parts.values_list("at_least", "sku_id", "quantity")),
        **plain,
    )
