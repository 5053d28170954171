"""From a template to an offer: what an operator filled in, as the frozen coupon that pricing understands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from apps.catalog import scopes
from apps.coupons.models import Template
from mall.pricing import scope
from mall.pricing.offers import EVERY_LANE, AnyCoupon, Coupon, FreightCoupon, Lane, OfferInvalid

# A coupon that does not combine is for goods at list price. Points and postage are another matter: points
# are the member's own money, and a coupon must not cost the buyer the free postage.
ALONE: Final = frozenset({Lane.POINTS, Lane.SHIPPING})
FIGURES: Final = ("kind", "threshold_fen", "off_fen", "off_bp", "cap_fen", "combines", "scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that an offer needs to know of a template, before or after it is saved; money in fen."""

    ref: str
    label: str
    kind: str
    threshold_fen: int = 0
    off_fen: int | None = None
    off_bp: int | None = None
    cap_fen: int | None = None
    combines: bool = True
    scope: str = Template.Scope.ALL
    product_ids: Collection[int] = ()
    sku_ids: Collection[int] = ()
    category_ids: Collection[int] = ()
    brand_ids: Collection[int] = ()
    valid_until: datetime | None = None


def figures_of(template: Template) -> dict[str, Any]:
    """The columns of a template that its terms take as they are."""
    return {name: getattr(template, name) for name in FIGURES}


def offer(terms: Terms) -> AnyCoupon:
    """The coupon as an offer. Raises OfferInvalid or ScopeInvalid, in Chinese, where it makes no sense."""
    # Pricing compares texts: all in UTC, so that they compare as moments do.
    until = terms.valid_until.astimezone(UTC).isoformat() if terms.valid_until else None
    if terms.kind == Template.Kind.FREIGHT:
        if terms.scope != Template.Scope.ALL:
            raise OfferInvalid("运费券针对整单运费，适用范围请选择「全部商品」")
        return FreightCoupon(
            ref=terms.ref,
            label=terms.label,
            threshold_fen=terms.threshold_fen,
            off_fen=terms.off_fen,
            valid_until=until,
        )
    if terms.kind == Template.Kind.PERCENT and terms.off_bp is None:
        raise OfferInvalid("请填写折扣")
    if terms.kind in {Template.Kind.THRESHOLD, Template.Kind.NO_THRESHOLD} and terms.off_fen is None:
        raise OfferInvalid("请填写减免金额")
    if terms.kind == Template.Kind.THRESHOLD and not terms.threshold_fen:
        raise OfferInvalid("请填写使用门槛；没有门槛请选择「无门槛券」")
    return Coupon(
        ref=terms.ref,
        label=terms.label,
        combines_with=EVERY_LANE if terms.combines else ALONE,
        threshold_fen=terms.threshold_fen,
        off_fen=terms.off_fen,
        off_bp=terms.off_bp,
        cap_fen=terms.cap_fen,
        scope=_scope(terms),
        valid_until=until,
    )


def _scope(terms: Terms) -> scope.Scope:
    """The goods that are meant. Raises ScopeInvalid for a list that is empty: it does not mean everything."""
    return scopes.priced(
        terms.scope,
        product_ids=terms.product_ids,
        sku_ids=terms.sku_ids,
        category_ids=terms.category_ids,
        brand_ids=terms.brand_ids,
    )
