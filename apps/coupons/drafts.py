"""A coupon template as somebody wants it, before it is checked and saved: what forms and files are translated into."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final

from apps.catalog.scopes import Goods
from apps.coupons.models import Template

Kind = Template.Kind

# The figures that each kind uses; what another kind uses is emptied, so that a row never says more than its offer.
FIGURES: Final[dict[str, set[str]]] = {
    Kind.NO_THRESHOLD: {"off_fen"},
    Kind.THRESHOLD: {"threshold_fen", "off_fen"},
    Kind.PERCENT: {"threshold_fen", "off_bp", "cap_fen"},
    Kind.FREIGHT: {"threshold_fen", "off_fen"},
}
EMPTY: Final[dict[str, Any]] = {"threshold_fen": 0, "off_fen": None, "off_bp": None, "cap_fen": None}
# What a coupon is worth: not to be changed once one was issued. The goods are meant as well.
WORTH: Final = (
    *("kind", "threshold_fen", "off_fen", "off_bp", "cap_fen", "combines", "channel"),
    *("valid_from", "valid_until", "valid_days"),
)
_APART: Final = {"template_id", "goods", "level_ids", "group_ids"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """All that makes a template; money in fen, the rest as in the model. ``template_id`` is the one it changes.

    ``level_ids`` and ``group_ids`` narrow who may claim; none means everybody.
    """

    name: str
    kind: str
    template_id: int | None = None
    threshold_fen: int = 0
    off_fen: int | None = None
    off_bp: int | None = None
    cap_fen: int | None = None
    combines: bool = True
    goods: Goods = field(default_factory=Goods)
    channel: str = Template.Channel.BOTH
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: int | None = None
    quota: int | None = None
    per_member: int = 1
    claim_from: datetime | None = None
    claim_until: datetime | None = None
    level_ids: Collection[int] = ()
    group_ids: Collection[int] = ()
    visible: bool = False
    occasion: str = Template.Occasion.NONE
    gift_from_fen: int | None = None
    note: str = ""
    code: str | None = None

    def fitted(self) -> TemplateDraft:
        """The same without what its kind and occasion do not use; postage is paid in the mini program only."""
        if self.kind not in FIGURES:
            return self
        unused = {name: EMPTY[name] for name in EMPTY.keys() - FIGURES[self.kind]}
        if self.kind == Kind.FREIGHT:
            unused["channel"] = Template.Channel.ONLINE
        if self.occasion != Template.Occasion.ORDER_GIFT:
            unused["gift_from_fen"] = None
        return replace(self, **unused)

    def unused(self) -> list[str]:
        """The fields that say something which the kind does not use: ``fitted`` empties them."""
        fitted = self.fitted()
        return [one.name for one in fields(self) if getattr(self, one.name) != getattr(fitted, one.name)]

    def columns(self) -> dict[str, Any]:
        """The columns of its row, by name; goods, levels and groups are rows of their own."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _APART}
        return plain | {"scope": self.goods.kind}


def plain_fields() -> list[str]:
    """The names that a draft, a row and a form have in common."""
    return [one.name for one in fields(TemplateDraft) if one.name not in _APART]
