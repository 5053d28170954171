"""The engine: a frozen basket and frozen offers in, an explained quote out; the same in, the same out.

The lanes run in order (``offers.Lane``). Inside a lane the offers compete line by line and the buyer's best
wins (``contest``); every saving is allocated to its lines at once, so that the next lane starts from what is
left to pay. Shipping comes last and is waived, never allocated. ``docs/guide/pricing.md`` tells it in prose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

from mall.pricing import freight, gifting, lanes, shipping
from mall.pricing.basket import Basket
from mall.pricing.hearing import Heard, Stranger
from mall.pricing.offers import (
    AnyCoupon,
    Coupon,
    FreePostage,
    FreightCoupon,
    Gift,
    GoodsOffer,
    Lane,
    Offer,
    PointsDeduction,
    PostageOffer,
)
from mall.pricing.quote import Declined, Hint, Item, Quote, Reduction, Weighed
from mall.pricing.standing import Standing

# Whatever the buyer holds, these lanes come out the same: they are run once for all coupons that are weighed.
_BEFORE_COUPONS = (Lane.PRICE, Lane.ITEM, Lane.ORDER)

_REF: Final = attrgetter("ref")
_ORDER: Final = attrgetter("lane", "ref")
_POSTAGE: Final = (FreePostage, FreightCoupon)
# Everything of a coupon on goods but what makes it this one.
_KIND: Final = attrgetter(
    *(field.name for field in fields(Coupon) if field.name not in {"ref", "valid_until"})
)


def quote(basket: Basket, offers: Iterable[Heard], *, coupons: Iterable[AnyCoupon] = ()) -> Quote:
    """What the basket costs with these offers, and why.

    Each offer is in one of ``applied``, ``declined`` and ``gifts``, lane by lane and then by ref. The order
    of the offers does not matter. A coupon that the buyer named is one of the offers. Of ``coupons`` the one
    that is best for the buyer joins the offers, and none where none saves anything (``best_coupon``); the
    others are not spoken of. Raises ValueError where two offers share a ref, or two are points deductions.
    An offer that is known to mean none of the goods is told by a ``Stranger``, which says the same for less.
    """
    pricing = _Pricing(basket, offers, coupons)
    best = _best(pricing.weigh())
    return pricing.finish(next((coupon for coupon in pricing.coupons if coupon.ref == best), None))


def weigh(basket: Basket, offers: Iterable[Heard], coupons: Iterable[AnyCoupon]) -> tuple[Weighed, ...]:
    """What each coupon would be worth with these offers, used alone: usable ones first, the best first.

    Coupons that save the same stand by the end of their validity, then by ref. Unusable ones follow, those
    with the least missing first.
    """
    return _Pricing(basket, offers, coupons).weigh()


def weighed_quote(
    basket: Basket,
    offers: Iterable[Heard],
    coupons: Iterable[AnyCoupon],
    *,
    named: str | None = None,
    automatic: bool = True,
) -> tuple[Quote, tuple[Weighed, ...]]:
    """The quote together with what each coupon is worth: the work up to the coupons is shared.

    The quote uses the coupon with the ref ``named`` (if it does not apply it is among ``declined``), else the
    best one, or none unless ``automatic``. Raises ValueError for a ref that is not among ``coupons``.
    """
    pricing = _Pricing(basket, offers, coupons)
    weighed = pricing.weigh()
    chosen = named or (_best(weighed) if automatic else None)
    found = next((coupon for coupon in pricing.coupons if coupon.ref == chosen), None)
    if named is not None and found is None:
        raise ValueError(f"no coupon {named} to choose from")
    return pricing.finish(found), weighed


def best_coupon(basket: Basket, offers: Iterable[Heard], coupons: Iterable[AnyCoupon]) -> str | None:
    """The ref of the coupon with which the buyer pays least; None where none makes it less."""
    return _best(weigh(basket, offers, coupons))


class _Goods(NamedTuple):
    """Goods after coupons and points: where they stand, what was left of them before points, what was declined."""

    standing: Standing
    left_fen: int
    declined: list[Declined]


class _Pricing:
    """A basket on its way: everything up to the coupons is worked out once, the rest for each coupon."""

    def __init__(self, basket: Basket, offers: Iterable[Heard], coupons: Iterable[AnyCoupon]) -> None:
        self.basket = basket
        self.coupons = tuple(coupons)
        self.offers: list[Offer] = []
        self.strangers: list[Stranger] = []
        for each in offers:
            if isinstance(each, Stranger):
                self.strangers.append(each)
            else:
                self.offers.append(each)
        self.offers.sort(key=_ORDER)
        _refuse_twins([*self.offers, *self.coupons, *self.strangers])
        self.on_goods: dict[Lane, list[GoodsOffer]] = {lane: [] for lane in Lane}
        self.gifts: list[Gift] = []
        self.postage: list[PostageOffer] = []
        for offer in self.offers:
            if isinstance(offer, Gift):
                self.gifts.append(offer)
            elif isinstance(offer, _POSTAGE):
                self.postage.append(offer)
            else:
                self.on_goods[offer.lane].append(offer)
        self.freight = freight.charge(basket)
        self.standing = Standing(basket)
        self.declined: dict[Lane, list[Declined]] = {}
        self.hints: list[Hint] = []
        for lane in _BEFORE_COUPONS:
            self._note(lane, lanes.run(self.standing, basket.buyer, self._in_lane(lane)))
        self.given = gifting.give(self.standing, self.gifts)
        self._note(Lane.GIFT, self.given.outcome)

    def weigh(self) -> tuple[Weighed, ...]:
        """Each coupon with what it is worth, the best first."""
        if not self.coupons:
            return ()
        without_fen = self._cost_fen(None)[0]
        weighed: list[tuple[Weighed, AnyCoupon]] = []
        alike: dict[Any, tuple[int, Declined | None]] = {}
        for coupon in self.coupons:
            # Coupons of one kind differ by ref and end only. Where nothing competes with them, these decide nothing.
            kind = (
                coupon.ref if self.on_goods[Lane.COUPON] or not isinstance(coupon, Coupon) else _KIND(coupon)
            )
            told = alike.get(kind)
            if told is None:
                told = alike[kind] = self._cost_fen(coupon)
            cost_fen, refusal = told
            weighed.append((_verdict(coupon, without_fen - cost_fen, refusal), coupon))
        return tuple(verdict for verdict, _ in sorted(weighed, key=lambda pair: _precedence(*pair)))

    def finish(self, coupon: AnyCoupon | None) -> Quote:
        """Run the remaining lanes with this coupon, if any, and add up."""
        standing = self.standing.fork()
        for lane in (Lane.COUPON, Lane.POINTS):
            self._note(lane, lanes.run(standing, self.basket.buyer, self._in_lane(lane, coupon)))
        waiver = self._waive(standing, coupon)
        self._note(Lane.SHIPPING, waiver.outcome)
        items = standing.items()
        offers = self.offers if coupon is None else [*self.offers, coupon]
        applied = _totals(offers, items)
        goods_fen = sum(item.list_fen for item in items)
        lines_fen = sum(item.payable_fen for item in items)
        shipping_fen = self.freight.fee_fen - waiver.waived_fen
        return Quote(
            items=items,
            goods_fen=goods_fen,
            reduction_fen=goods_fen - lines_fen,
            shipping_fen=shipping_fen,
            payable_fen=lines_fen + shipping_fen,
            applied=(*applied, *waiver.waived),
            declined=self._all_declined(),
            shipping_known=self.basket.destination is not None,
            undeliverable=self.freight.undeliverable,
            gifts=tuple(self.given.gifts),
            hints=tuple(self.hints),
            points_used=_points_used(offers, applied),
        )

    def _note(self, lane: Lane, outcome: lanes.Outcome) -> None:
        self.declined[lane] = outcome.declined
        self.hints += outcome.hints

    def _all_declined(self) -> tuple[Declined, ...]:
        """What did not apply, strangers among it, lane by lane and then by ref."""
        for stranger in self.strangers:
            self.declined[stranger.lane].append(stranger.declined_to(self.basket.buyer))
        for lane in {stranger.lane for stranger in self.strangers}:
            self.declined[lane].sort(key=_REF)
        return tuple(chain.from_iterable(self.declined.values()))

    def _in_lane(self, lane: Lane, coupon: AnyCoupon | None = None) -> Sequence[GoodsOffer]:
        """The offers on goods of a lane by ref, with the coupon if it belongs there."""
        if isinstance(coupon, Coupon) and lane is Lane.COUPON:
            return sorted([*self.on_goods[lane], coupon], key=lambda offer: offer.ref)
        return self.on_goods[lane]

    def _postage(self, coupon: AnyCoupon | None) -> Sequence[PostageOffer]:
        """The offers on the freight, with the coupon if it is one."""
        return [*self.postage, coupon] if isinstance(coupon, FreightCoupon) else self.postage

    def _waive(self, standing: Standing, coupon: AnyCoupon | None) -> shipping.Waiver:
        return shipping.waive(
            standing,
            self._postage(coupon),
            destination=self.basket.destination,
            fee_fen=self.freight.fee_fen,
        )

    def _cost_fen(self, coupon: AnyCoupon | None) -> tuple[int, Declined | None]:
        """What goods and freight cost with this coupon, points counted as money; and its refusal, if any."""
        goods_coupon = coupon if isinstance(coupon, Coupon) else None
        goods = self._goods_with(goods_coupon) if goods_coupon else self._goods_alone
        fee_fen, destination = self.freight.fee_fen, self.basket.destination
        cost_fen = goods.left_fen + fee_fen
        preferred = self._preferred
        if isinstance(coupon, FreightCoupon):
            preferred = shipping.in_preference(self._postage(coupon), fee_fen=fee_fen)
            refusal = shipping.refusal_of(
                goods.standing, coupon, preferred, destination=destination, fee_fen=fee_fen
            )
            declined = lanes.declined(coupon, refusal) if refusal else None
        else:
            declined = next((one for one in goods.declined if coupon and one.ref == coupon.ref), None)
        if fee_fen:
            cost_fen -= shipping.waived_fen(
                goods.standing, preferred, destination=destination, fee_fen=fee_fen
            )
        return cost_fen, declined

    @cached_property
    def _preferred(self) -> Sequence[PostageOffer]:
        """The offers on the freight without a coupon, in the order in which they are asked."""
        return shipping.in_preference(self.postage, fee_fen=self.freight.fee_fen)

    @cached_property
    def _goods_alone(self) -> _Goods:
        """The goods without a coupon, as they are for every coupon on the freight."""
        return self._goods_with(None)

    def _goods_with(self, coupon: Coupon | None) -> _Goods:
        """The goods after the lanes of coupons and points.

        Points matter only where they take the goods below the threshold of an offer on the freight, so without
        freight their lane is not run with a coupon on goods.
        """
        standing, buyer = self.standing.fork(), self.basket.buyer
        declined = lanes.run(standing, buyer, self._in_lane(Lane.COUPON, coupon)).declined
        left_fen = standing.left_fen()
        if self.freight.fee_fen or coupon is None:
            lanes.run(standing, buyer, self._in_lane(Lane.POINTS))
        return _Goods(standing, left_fen, declined)


def _refuse_twins(offers: Sequence[Heard]) -> None:
    if len({offer.ref for offer in offers}) != len(offers):
        raise ValueError("two offers share a ref")
    if sum(offer.lane is Lane.POINTS for offer in offers) > 1:
        raise ValueError("a buyer has one purse of points, these offers open it twice")


def _verdict(coupon: AnyCoupon, saving_fen: int, refusal: Declined | None) -> Weighed:
    if refusal is None:
        return Weighed(ref=coupon.ref, label=coupon.label, saving_fen=saving_fen)
    return Weighed(
        ref=coupon.ref,
        label=coupon.label,
        saving_fen=0,
        reason=refusal.reason,
        short_by_fen=refusal.short_by_fen,
        advises=refusal.advises,
    )


def _precedence(verdict: Weighed, coupon: AnyCoupon) -> tuple[bool, int, bool, int, bool, str, str]:
    """The lower, the earlier a coupon stands; what never ends comes after what does."""
    short_by_fen = verdict.short_by_fen
    return (
        not verdict.usable,
        -verdict.saving_fen,
        short_by_fen is None,
        short_by_fen or 0,
        coupon.valid_until is None,
        coupon.valid_until or "",
        coupon.ref,
    )


def _best(weighed: Sequence[Weighed]) -> str | None:
    """The first, if it saves anything."""
    return next((verdict.ref for verdict in weighed[:1] if verdict.saving_fen > 0), None)


def _totals(offers: Iterable[Offer], items: Iterable[Item]) -> list[Reduction]:
    """What each offer took off all lines together, lane by lane and then by ref."""
    totals_fen: Counter[str] = Counter()
    for item in items:
        for reduction in item.reductions:
            totals_fen[reduction.ref] += reduction.amount_fen
    applied = [offer for offer in offers if offer.ref in totals_fen]
    return [
        Reduction(ref=offer.ref, label=offer.label, amount_fen=totals_fen[offer.ref])
        for offer in sorted(applied, key=lambda offer: (offer.lane, offer.ref))
    ]


def _points_used(offers: Iterable[Offer], applied: Iterable[Reduction]) -> int:
    """How many points the deduction takes from the buyer."""
    paid_fen = {reduction.ref: reduction.amount_fen for reduction in applied}
    return sum(
        offer.points_for(paid_fen[offer.ref])
        for offer in offers
        if offer.ref in paid_fen and isinstance(offer, PointsDeduction)
    )
