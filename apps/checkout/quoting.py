"""From what a shopper chose to an explained price: read the rooms below, let ``mall.pricing`` decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from apps.catalog import articles
from apps.catalog.articles import Article
from apps.checkout import activities, baskets, brought, chosen, delivering, hints, packing, virtual
from apps.checkout.activities import Admission, Extra, Ticket, Wanted
from apps.coupons import selectors as coupon_facts
from apps.members.models import Address, Member
from apps.orders.states import BY_PARCEL, DeliveryKind
from apps.pickup import slots
from apps.points import deduction
from apps.wallet import selectors as wallet_facts
from apps.wallet.services import BalanceShort, WalletOff
from mall.errors import Kind, ShopError
from mall.pricing import engine, refs
from mall.pricing.basket import Basket
from mall.pricing.hearing import Heard
from mall.pricing.offers import AnyCoupon
from mall.pricing.quote import Declined, Quote, Weighed

# What a shopper names who wants to keep the coupons for later.
NO_COUPON = ("", "none")
# Beside an activity nothing can be added, whatever it would bring.
_OUT_OF_REACH: Final = "活动商品须单独购买，未达到此优惠的条件"
_Told = TypeVar("_Told", Declined, Weighed)


class Undeliverable(ShopError):
    """Some goods are not sent to the chosen region; ``details`` has their ``sku_ids``."""

    code = "undeliverable"
    message = "部分商品不支持配送到该地区"
    kind = Kind.CONFLICT


class NotSentAnywhere(Undeliverable):
    """Some goods have no freight template, neither their own nor a default: free postage is a template, too."""

    message = "部分商品暂无法配送"


class CouponNotFound(ShopError):
    """The member holds no such coupon, or may not use it now."""

    code = "coupon_not_found"
    message = "优惠券不存在"
    kind = Kind.NOT_FOUND


class CouponHeld(ShopError):
    """An unpaid order of the member has the coupon: ``details`` has its ``order_no``. Cancelling that frees it."""

    code = "coupon_held"
    message = "该优惠券已被您的待付款订单占用，取消该订单后可用"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a shopper wants to buy, as it was said.

    ``items`` are (sku_id, quantity) pairs, None for what is ticked in the cart; a SKU that is named twice adds
    up. ``coupon_id`` is the public id of a coupon, None for the best one, ``NO_COUPON`` for none.
    ``use_points`` and ``use_balance`` are so many points or fen of stored value, True for as much as possible.
    ``activity`` is the ticket of the activity that was named (``activities.read``).
    """

    items: tuple[tuple[int, int], ...] | None = None
    address_id: int | None = None
    coupon_id: str | None = None
    use_points: bool | int = False
    use_balance: bool | int = False
    activity: Ticket | None = None
    # That goods of which it is said do not go back without a reason.
    confirms_no_return: bool = False
    # How it is to come where no parcel is sent; None is a parcel. The slot is its id, as the shop's list prints it.
    delivery: delivering.Asked | None = None
    slot: str | None = None
    packing: packing.Wanted | None = None

    @property
    def from_cart(self) -> bool:
        """Whether the cart's ticked lines are meant."""
        return self.items is None

    @property
    def asked(self) -> frozenset[Extra]:
        """The extras that were asked for by name."""
        asked = {
            Extra.COUPON: self.coupon_id not in {None, *NO_COUPON},
            Extra.POINTS: bool(self.use_points),
            Extra.BALANCE: bool(self.use_balance),
        }
        return frozenset(extra for extra, named in asked.items() if named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A priced choice with the rows that it was priced from: SKUs by id (gifts too), quantities by SKU id.

    ``admission`` is what the choice's activity lets the member have, None for ordinary goods.
    ``weighed`` says of each of the member's coupons what it would save, ``balance_fen`` which part of the
    price stored value would pay.
    """

    quote: Quote
    skus: Mapping[int, Article]
    quantities: Mapping[int, int]
    address: Address | None
    weighed: tuple[Weighed, ...] = ()
    balance_fen: int = 0
    admission: Admission | None = None
    # Virtual goods: nothing of it is sent anywhere.
    virtual: bool = False
    way: delivering.Way | None = None
    packing: packing.Packing | None = None

    @property
    def demand(self) -> dict[int, int]:
        """All units that have to lie on the shelf, by SKU id: what is bought, given, and wrapped around it."""
        units = {**self.quantities, **(self.packing.demand if self.packing else {})}
        for gift in self.quote.gifts:
            if gift.quantity:
                units[gift.sku_id] = units.get(gift.sku_id, 0) + gift.quantity
        return units

    @property
    def coupon_id(self) -> str | None:
        """The public id of the coupon that makes it cheaper, None without one."""
        named = (refs.coupon_id(reduction.ref) for reduction in self.quote.applied)
        return next((public_id for public_id in named if public_id), None)

    @property
    def due_fen(self) -> int:
        """What WeChat is asked for next: a deposit, where there is one; else all that stored value does not pay."""
        first_fen = self.admission.first_fen if self.admission else 0
        return first_fen or self.quote.payable_fen - self.balance_fen

    def as_dict(self) -> dict[str, Any]:
        """The contract's JSON of the quote, with the choice of coupons and what is left for WeChat to collect."""
        return {
            **hints.quote_json(self.quote, {sku_id: baskets.shown(sku) for sku_id, sku in self.skus.items()}),
            "activity": self.admission.as_order() if self.admission else None,
            "delivery": {
                **(self.way.shown() if self.way else BY_PARCEL),
                "packing": self.packing.shown() if self.packing else None,
            },
            "coupon_id": self.coupon_id,
            "coupons": {
                "usable": [
                    {
                        "coupon_id": _public_id(coupon),
                        "label": coupon.label,
                        "saving_fen": coupon.saving_fen,
                    }
                    for coupon in self.weighed
                    if coupon.usable
                ],
                "unusable": [
                    {
                        "coupon_id": _public_id(coupon),
                        "label": coupon.label,
                        "reason": coupon.reason,
                        "short_by_fen": coupon.short_by_fen,
                    }
                    for coupon in self.weighed
                    if not coupon.usable
                ],
            },
            "balance_fen": self.balance_fen,
            "due_fen": self.due_fen,
            "stages": self.admission.stages(self.quote) if self.admission else [],
        }


def compose(*, member: Member, choice: Choice, at: datetime) -> Composition:
    """Price a choice for a member, to the address where one is named.

    Raises NotFound for an address that is not the member's, CouponHeld for a coupon that another order of theirs
    has, CouponNotFound for one that is not theirs to use now, and NothingSelected, NotOnSale, QuantityNotAllowed,
    Undeliverable, VirtualApart, BalanceShort, WalletOff, NotEnoughPoints, and what the activity, the way (``delivering``)
    and the ``packing`` refuse.
    """
    address, held = brought.read(member=member, address_id=_address_id(choice), at=at)
    admission = _admission(member, choice, address, at=at)
    quantities = chosen.quantities(choice.items, member=member)
    skus = chosen.sellable(quantities, member=member, at=at)
    nowhere = virtual.all_virtual(skus)
    way = _way(choice, address, quantities, admission, nowhere=nowhere, at=at)
    by_plan = admission is not None and admission.by_plan
    wrapped = packing.chosen(choice.packing, virtual=nowhere, by_plan=by_plan)
    address = None if nowhere else address
    basket = baskets.basket_of(member=member, skus=skus, quantities=quantities, address=address)
    basket = _sent(basket, way, nowhere=nowhere)
    offers = _offers(member, choice, basket, way, at=at)
    offers = virtual.offered(offers, admission) if nowhere else offers
    named = _named(member, choice, held)
    if admission is not None:
        offers = activities.with_activity(offers, admission)
        held = activities.without_others(held, admission)
    if not nowhere:
        _refuse_without_freight(basket)
    automatic = choice.coupon_id is None
    quote, weighed = engine.weighed_quote(basket, offers, held, named=named, automatic=automatic)
    if quote.undeliverable:
        raise Undeliverable(details={"sku_ids": list(quote.undeliverable)})
    if way is not None:
        way.require_worth(quote)
    pays = None
    if admission is not None:
        quote, weighed, pays = _of_activity(quote, weighed, admission, member=member, choice=choice, at=at)
    first_fen = admission.first_fen if admission else 0
    given = {gift.sku_id for gift in quote.gifts if gift.quantity} - set(skus)
    wrapping = {}
    if wrapped is not None:
        quote, wrapping = wrapped.onto(quote), {wrapped.sku.pk: articles.article_of(wrapped.sku)}
    return Composition(
        quote=quote,
        skus={**skus, **(articles.of(given) if given else {}), **wrapping},
        quantities=quantities,
        address=address,
        virtual=nowhere,
        weighed=weighed,
        balance_fen=0 if pays else _balance_fen(member, choice, payable_fen=quote.payable_fen - first_fen),
        admission=admission,
        way=way,
        packing=wrapped,
    )


def _of_activity(
    quote: Quote,
    weighed: tuple[Weighed, ...],
    admission: Admission,
    *,
    member: Member,
    choice: Choice,
    at: datetime,
) -> tuple[Quote, tuple[Weighed, ...], Declined | None]:
    """The quote as the activity has it, what coupons are worth beside it, and why stored value pays nothing, if so.

    Nothing can be added to goods of an activity: no hint leads to a shelf of others, no reason says to buy more.
    """
    pays = activities.declined_balance(admission) if choice.use_balance else None
    quote = replace(admission.finish(quote, member=member, at=at), hints=())
    declined = _without_advice(quote.declined)
    return (
        replace(quote, declined=(*declined, pays) if pays else declined),
        _without_advice(weighed),
        pays,
    )


def _way(
    choice: Choice,
    address: Address | None,
    quantities: Mapping[int, int],
    admission: Admission | None,
    *,
    nowhere: bool,
    at: datetime,
) -> delivering.Way | None:
    """How it comes where no parcel is sent; None for a parcel, and for what is sent nowhere. Raises what ``way_of`` does."""
    if nowhere and choice.delivery is not None:
        raise delivering.OnlyByParcel("虚拟商品在线交付，无需选择自提或配送")
    by_plan = admission is not None and admission.by_plan
    if choice.slot is not None and admission is not None and activities.waits_for_others(admission.ticket):
        raise slots.SlotNotOffered(
            "该活动成团或付尾款后才能安排配送，暂不支持选择时段", details={"slot": choice.slot}
        )
    return delivering.way_of(
        choice.delivery, slot_id=choice.slot, address=address, units=quantities, by_plan=by_plan, at=at
    )


def _sent(basket: Basket, way: delivering.Way | None, *, nowhere: bool) -> Basket:
    """The basket as it goes: nowhere, the way that was asked for, or by parcel."""
    if nowhere:
        return virtual.going_nowhere(basket)
    return basket if way is None else way.taken_by(basket)


def _without_advice(told: Iterable[_Told]) -> tuple[_Told, ...]:
    """The same, where a reason says what to buy more of with one that does not."""
    return tuple(
        one._replace(reason=_OUT_OF_REACH, short_by_fen=None, advises=False) if one.advises else one
        for one in told
    )


def _admission(member: Member, choice: Choice, address: Address | None, *, at: datetime) -> Admission | None:
    """What the activity that was named lets the member have; None where none was."""
    if choice.activity is None:
        return None
    wanted = Wanted(items=choice.items or (), asked=choice.asked, address=address)
    return activities.admit(choice.activity, member=member, wanted=wanted, at=at)


def _offers(
    member: Member, choice: Choice, basket: Basket, way: delivering.Way | None, *, at: datetime
) -> list[Heard]:
    """The offers on the choice, but for coupons."""
    wanted = {line.sku_id: line.quantity for line in basket.lines}
    place_id = way.place.pk if way else None
    offers = baskets.offers_for(
        member=member, lines=basket.lines, quantities=wanted, place_id=place_id, at=at
    )
    if choice.use_points:
        spent = deduction.deduction_offer(member=member, use_points=choice.use_points, at=at)
        offers += [spent] if spent else []
    return offers


def _named(member: Member, choice: Choice, held: Sequence[AnyCoupon]) -> str | None:
    """The ref of the coupon that was named, None where none was. Raises CouponHeld, CouponNotFound."""
    if choice.coupon_id is None or choice.coupon_id in NO_COUPON:
        return None
    public_id = choice.coupon_id.lower()
    for coupon in held:
        if not coupon.refused and _public_id(coupon) == public_id:
            return coupon.ref
    if order_no := coupon_facts.order_that_holds(member=member, coupon_id=public_id):
        raise CouponHeld(details={"order_no": order_no})
    raise CouponNotFound


def _public_id(coupon: AnyCoupon | Weighed) -> str:
    return refs.coupon_id(coupon.ref) or ""


def _balance_fen(member: Member, choice: Choice, *, payable_fen: int) -> int:
    """How much of the price stored value pays. Raises WalletOff, BalanceShort for more than there is."""
    if not choice.use_balance:
        return 0
    if not wallet_facts.enabled():
        raise WalletOff
    available_fen = wallet_facts.balance_of(member).available_fen
    if choice.use_balance is True:
        return min(available_fen, payable_fen)
    if choice.use_balance > available_fen:
        raise BalanceShort(details={"wanted_fen": choice.use_balance, "available_fen": available_fen})
    return min(choice.use_balance, payable_fen)


def _address_id(choice: Choice) -> int | None:
    """Where it goes; what is fetched goes nowhere, whichever address was named."""
    is_fetched = choice.delivery is not None and choice.delivery.kind == DeliveryKind.PICKUP
    return None if is_fetched else choice.address_id


def _refuse_without_freight(basket: Basket) -> None:
    if basket.destination is None:
        return
    if unsent := [line.sku_id for line in basket.lines if line.freight_ref is None]:
        raise NotSentAnywhere(details={"sku_ids": unsent})
