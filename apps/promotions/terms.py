"""From a row to an offer: what an operator filled in, as the frozen offer that pricing understands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from apps.catalog import scopes
from apps.promotions import ladders
from apps.promotions.models import Promotion
from mall.money import WHOLE_BP
from mall.pricing import offers, refs, scope
from mall.pricing.offers import EVERY_LANE, Lane, Offer, OfferInvalid

# An offer that does not combine stands alone among those that lower the price of goods. Postage is another
# matter: 满减 that excludes coupons must not cost the buyer the free postage.
ALONE: Final = frozenset({Lane.SHIPPING})

# Pricing looks at every single piece of a set.
MOST_PIECES: Final = 99

# What there is of a gift whose stock is not asked about: enough for all offers that give it.
_PLENTY: Final = 1_000_000

# The figures of a row that its offer is made of, by the names that ``Terms`` gives them as well.
FIGURES: Final = (
    "kind",
    "label",
    "scope",
    "by_pieces",
    "steps",
    "off_bp",
    "off_fen",
    "price_fen",
    "pieces",
    "same_sku",
    "rise_bp",
    "rise_hours",
    "cap_fen",
    "threshold_fen",
    "regions",
    "combines",
    "excludes",
)


class Part(NamedTuple):
    """A SKU that the promotion gives from ``at_least`` on, or that is part of its bundle (0)."""

    at_least: int
    sku_id: int
    title: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that an offer needs to know of a promotion, before or after it is saved; money in fen.

    ``ref`` is the promotion's own, without a stage. ``units`` and ``filled_at`` are how far a step-up price
    has come, ``in_stock`` what there is of the gifts: None for as many as are wanted. ``refused`` is why the
    buyer at hand cannot have it any more.
    """

    ref: str
    kind: str
    label: str
    scope: str = Promotion.Scope.ALL
    product_ids: Collection[int] = ()
    sku_ids: Collection[int] = ()
    category_ids: Collection[int] = ()
    brand_ids: Collection[int] = ()
    by_pieces: bool = False
    steps: Sequence[Sequence[Any]] = ()
    off_bp: int | None = None
    off_fen: int | None = None
    price_fen: int | None = None
    pieces: int | None = None
    same_sku: bool = True
    rise_bp: int | None = None
    rise_hours: int | None = None
    cap_fen: int | None = None
    threshold_fen: int | None = None
    regions: Collection[str] = field(default_factory=list)
    combines: bool = True
    excludes: Collection[str] = ()
    parts: Sequence[Part] = ()
    in_stock: Mapping[int, int] | None = None
    units: int = 0
    filled_at: datetime | None = None
    refused: str = ""

    @property
    def named(self) -> dict[str, Any]:
        """What every offer on goods says of itself."""
        return {
            "ref": self.ref,
            "label": self.label,
            "combines_with": self.combining(ALONE),
            "refused": self.refused,
        }

    def combining(self, alone: frozenset[Lane]) -> frozenset[Lane]:
        """The lanes it combines with: all but the excluded ones, or ``alone``. Raises OfferInvalid."""
        if not self.combines:
            return alone
        if unknown := set(self.excludes) - set(Lane.__members__):
            raise OfferInvalid(f"未知的优惠类型：{'、'.join(sorted(map(str, unknown)))}")
        return EVERY_LANE - {Lane[name] for name in self.excludes}


def offer(terms: Terms, *, at: datetime) -> Offer | None:
    """The offer of a promotion at a moment; None for a step-up price that has reached the list price.

    Raises OfferInvalid or ScopeInvalid, in Chinese, where it makes no sense.
    """
    if terms.kind == Promotion.Kind.STEP_PRICE:
        return _step_price(terms, at=at)
    make = _MAKERS.get(terms.kind)
    if make is None:
        raise OfferInvalid(f"未知的促销类型：{terms.kind}")
    return make(terms)


def member_price(
    *, level_id: int, level_name: str, discount_bp: int, prices_fen: dict[int, int]
) -> Offer | None:
    """What a level's members pay: their own prices, the rest at ``discount_bp``; None where that is no less.

    ``discount_bp`` is what is paid (9500 = 九五折), as the level says it; the offer wants what is taken off.
    """
    off_bp = WHOLE_BP - discount_bp
    if not prices_fen and not off_bp:
        return None
    return offers.MemberPrice(
        ref=str(refs.level(level_id)),
        label=f"{level_name}会员价",
        level_ids=frozenset({level_id}),
        prices_fen=prices_fen,
        off_bp=off_bp or None,
    )


def member_postage(*, level_id: int, level_name: str) -> Offer:
    """Free postage as a level's benefit."""
    return offers.FreePostage(ref=str(refs.level_postage(level_id)), label=f"{level_name}免运费")


def _percent(terms: Terms) -> Offer:
    if terms.off_bp is None:
        raise OfferInvalid("请填写折扣")
    return offers.PercentOff(**terms.named, off_bp=terms.off_bp, cap_fen=terms.cap_fen, scope=_scope(terms))


def _fixed(terms: Terms) -> Offer:
    return offers.FixedOff(
        **terms.named,
        off_fen=terms.off_fen,
        price_fen=terms.price_fen,
        cap_fen=terms.cap_fen,
        scope=_scope(terms),
    )


def _stepped(terms: Terms) -> Offer:
    steps = []
    for row in terms.steps:
        if len(row) != 2 or not all(type(figure) is int for figure in row):
            raise OfferInvalid("每档满减由门槛和优惠金额两个数组成")
        steps.append(offers.Step(*row))
    return offers.Stepped(**terms.named, steps=tuple(steps), basis=_basis(terms), scope=_scope(terms))


def _gift(terms: Terms) -> Offer:
    rising = sorted(terms.parts, key=lambda part: part.at_least)
    steps = [
        offers.GiftStep(at_least, tuple(_gift_item(part, terms.in_stock) for part in parts))
        for at_least, parts in groupby(rising, key=lambda part: part.at_least)
    ]
    return offers.Gift(**terms.named, steps=tuple(steps), basis=_basis(terms), scope=_scope(terms))


def _gift_item(part: Part, in_stock: Mapping[int, int] | None) -> offers.GiftItem:
    there = _PLENTY if in_stock is None else max(0, in_stock.get(part.sku_id, 0))
    return offers.GiftItem(part.sku_id, part.title, part.quantity, there)


def _bundle(terms: Terms) -> Offer:
    if terms.price_fen is None:
        raise OfferInvalid("请填写套餐价")
    items = tuple(offers.BundleItem(part.sku_id, part.title, part.quantity) for part in terms.parts)
    return offers.Bundle(**terms.named, items=items, price_fen=terms.price_fen)


def _n_for_m(terms: Terms) -> Offer:
    if terms.pieces is None or terms.price_fen is None:
        raise OfferInvalid("请填写件数和总价")
    if terms.pieces > MOST_PIECES:
        raise OfferInvalid(f"任选件数最多为 {MOST_PIECES} 件")
    return offers.NForM(**terms.named, pieces=terms.pieces, price_fen=terms.price_fen, scope=_scope(terms))


def _second_half(terms: Terms) -> Offer:
    if terms.off_bp is None:
        raise OfferInvalid("请填写第二件的折扣")
    return offers.SecondHalf(**terms.named, off_bp=terms.off_bp, same_sku=terms.same_sku, scope=_scope(terms))


def _free_postage(terms: Terms) -> Offer:
    return offers.FreePostage(
        ref=terms.ref,
        label=terms.label,
        combines_with=terms.combining(frozenset()),
        refused=terms.refused,
        threshold_fen=terms.threshold_fen or 0,
        regions=frozenset(terms.regions) or None,
    )


_MAKERS: Final[Mapping[str, Callable[[Terms], Offer]]] = {
    Promotion.Kind.PERCENT: _percent,
    Promotion.Kind.FIXED: _fixed,
    Promotion.Kind.STEPPED: _stepped,
    Promotion.Kind.GIFT: _gift,
    Promotion.Kind.BUNDLE: _bundle,
    Promotion.Kind.N_FOR_M: _n_for_m,
    Promotion.Kind.SECOND_HALF: _second_half,
    Promotion.Kind.FREE_POSTAGE: _free_postage,
}


def _step_price(terms: Terms, *, at: datetime) -> Offer | None:
    ladder = ladders.ladder(terms.steps, rise_bp=terms.rise_bp, rise_hours=terms.rise_hours)
    present = ladder.present(units=terms.units, filled_at=terms.filled_at, at=at)
    if not present.off_bp:
        return None
    return offers.ActivityPrice(
        **terms.named | {"ref": _at_stage(terms.ref, present.stage)},
        off_bp=present.off_bp,
        scope=_scope(terms),
    )


def _at_stage(ref: str, stage: int) -> str:
    """The ref with the stage that is quoted; what is only being typed in has no ref of its own yet."""
    named = refs.read(ref)
    return str(refs.promotion(named.key, stage=stage)) if named else ref


def _basis(terms: Terms) -> offers.Basis:
    return offers.Basis.PIECES if terms.by_pieces else offers.Basis.AMOUNT


def _scope(terms: Terms) -> scope.Scope:
    """The goods that are meant. Raises ScopeInvalid for a list that is empty: it does not mean everything."""
    return scopes.priced(
        terms.scope,
        product_ids=terms.product_ids,
        sku_ids=terms.sku_ids,
        category_ids=terms.category_ids,
        brand_ids=terms.brand_ids,
    )
