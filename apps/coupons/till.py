"""At a shop's till: what a coupon takes off the goods that it is for, by the same offer as in the mini program."""

from __future__ import annotations

from typing import Final

from apps.coupons import terms
from apps.coupons.models import Coupon, Template
from apps.coupons.terms import Terms
from mall.errors import ShopError
from mall.pricing import engine, refs
from mall.pricing.basket import Basket, Line

ACCEPTED: Final = (Template.Channel.STORE, Template.Channel.BOTH)


class NotForShops(ShopError):
    """The coupon is good in the mini program only."""

    code = "coupon_not_for_shops"
    message = "该优惠券仅限线上使用"


class TakesNothingOff(ShopError):
    """The coupon saves nothing on so much; ``details`` has what is missing, where money is."""

    code = "coupon_not_applicable"
    message = "该优惠券不能用于这笔消费"


def refuse_online(template: Template) -> None:
    """Raise NotForShops for a coupon that no till takes, freight coupons among them."""
    if template.kind == Template.Kind.FREIGHT:
        raise NotForShops("运费券不能在门店使用")
    if template.channel not in ACCEPTED:
        raise NotForShops


def off_fen(coupon: Coupon, *, goods_fen: int) -> int:
    """What the coupon takes off goods of so many fen, all of them goods that it is for. Raises TakesNothingOff.

    The till says how much the goods in scope cost, not which they are: the offer is for all of this basket.
    """
    figures = {**terms.figures_of(coupon.says), "scope": Template.Scope.ALL}
    offer = terms.offer(Terms(ref=str(refs.coupon(coupon.public_id)), label=coupon.template.name, **figures))
    goods = Line(sku_id=0, product_id=0, title="门店商品", quantity=1, unit_price_fen=goods_fen)
    quote = engine.quote(Basket(lines=(goods,)), [offer])
    for refusal in quote.declined:
        raise TakesNothingOff(refusal.reason, details={"short_by_fen": refusal.short_by_fen})
    return quote.reduction_fen
