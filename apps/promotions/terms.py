"""From a row to an offer: what an operator filled in, as the frozen offer that pricing understands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from apps.promotions.models import Promotion
from mall.money import WHOLE_BP
from mall.pricing import offers, scope
from mall.pricing.offers import EVERY_LANE, Lane, Offer, OfferInvalid

# An offer that does not combine stands alone among those that lower the price of goods. Postage is another
# matter: 满减 that excludes coupons must not cost the buyer the free postage.
ALONE: Final = frozenset({Lane.SHIPPING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that an offer needs to know of a promotion, before or after it is saved; money in fen."""

    ref: str
    kind: str
    label: str
    scope: str = Promotion.Scope.ALL
    product_ids: Collection[int] = ()
    category_ids: Collection[int] = ()
    brand_ids: Collection[int] = ()
    by_pieces: bool = False
    steps: Sequence[Sequence[Any]] = ()
    off_bp: int | None = None
    cap_fen: int | None = None
    threshold_fen: int | None = None
    regions: Collection[str] = field(default_factory=list)
    combines: bool = True


def offer(terms: Terms) -> offers.PercentOff | offers.Stepped | offers.FreePostage:
    """The offer of a promotion. Raises OfferInvalid or ScopeInvalid, in Chinese, where it makes no sense."""
    if terms.kind == Promotion.Kind.FREE_POSTAGE:
        return offers.FreePostage(
            ref=terms.ref,
            label=terms.label,
            combines_with=EVERY_LANE if terms.combines else frozenset(),
            threshold_fen=terms.threshold_fen or 0,
            regions=frozenset(terms.regions) or None,
        )
    combines_with = EVERY_LANE if terms.combines else ALONE
    if terms.kind == Promotion.Kind.PERCENT:
        if terms.off_bp is None:
            raise OfferInvalid("请填写折扣")
        return offers.PercentOff(
            ref=terms.ref,
            label=terms.label,
            combines_with=combines_with,
            off_bp=terms.off_bp,
            cap_fen=terms.cap_fen,
            scope=_scope(terms),
        )
    if terms.kind == Promotion.Kind.STEPPED:
        return offers.Stepped(
            ref=terms.ref,
            label=terms.label,
            combines_with=combines_with,
            steps=_steps(terms.steps),
            basis=offers.Basis.PIECES if terms.by_pieces else offers.Basis.AMOUNT,
            scope=_scope(terms),
        )
    raise OfferInvalid(f"未知的促销类型：{terms.kind}")


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
        ref=f"level:{level_id}",
        label=f"{level_name}会员价",
        level_ids=frozenset({level_id}),
        prices_fen=prices_fen,
        off_bp=off_bp or None,
    )


def _scope(terms: Terms) -> scope.Scope:
    """The goods that are meant. Raises ScopeInvalid for a list that is empty: it does not mean everything."""
    if terms.scope == Promotion.Scope.PRODUCTS:
        return scope.Products(frozenset(terms.product_ids))
    if terms.scope == Promotion.Scope.CATEGORIES:
        return scope.Categories(frozenset(terms.category_ids))
    if terms.scope == Promotion.Scope.BRANDS:
        return scope.Brands(frozenset(terms.brand_ids))
    return scope.ALL_GOODS


def _steps(rows: Sequence[Sequence[Any]]) -> tuple[offers.Step, ...]:
    steps = []
    for row in rows:
        if len(row) != 2 or not all(type(figure) is int for figure in row):
            raise OfferInvalid("每档满减由门槛和优惠金额两个数组成")
        steps.append(offers.Step(*row))
    return tuple(steps)
