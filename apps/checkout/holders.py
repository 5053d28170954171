"""Adapters of everything scarce: each says whether an order concerns it, and has the four verbs of its room.

What an order took is read from its own frozen figures: an order that took no points costs no statement about points.
``scarce.HOLDERS`` prints them in the one order in which they are asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings

from apps.bargain import services as bargains
from apps.base.clauses import Clause
from apps.campaigns import services as campaigns
from apps.checkout.activities import ActivityNotFound, bargain, points_good, presale, referral_prize
from apps.coupons import services as coupons
from apps.inventory import services as inventory
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import DeliveryKind
from apps.pickup.services import moving
from apps.points import services as points
from apps.presale import services as presales
from apps.presale import terms as presale_terms
from apps.promotions import services as promotions
from apps.referrals import services as referrals
from apps.wallet import services as wallet
from mall.errors import NotFound, ShopError
from mall.pricing import refs
from mall.pricing.quote import Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a refund gives back of a paid order.

    ``undone``: all of it is refunded and nothing ever left, so that the uses of promotions and the coupon come
    back. ``kept_fen`` is what is still paid for the goods, None where nothing of them is kept. ``part_fen`` of
    ``whole_fen`` is the refund's share of the goods before points were deducted, ``paid_fen`` what was paid for it.
    ``units`` of SKUs are refunded, ``restocked`` of them go back on the shelf; without units it is money alone
    (``price_back_fen``), and of what came with the goods only the points that were earned by it go.
    """

    refund_no: str
    undone: bool
    kept_fen: int | None
    part_fen: int
    whole_fen: int
    paid_fen: int
    price_back_fen: int
    balance_fen: int
    units: Mapping[int, int]
    restocked: Mapping[int, int]


@dataclass(slots=True)
class Restored:
    """What became of the order's points, and of the coupons that came as its gift: filled in by their holders."""

    points: points.Returned = field(default_factory=lambda: points.Returned(0, 0, 0, 0))
    gifts: coupons.TakenBack = field(default_factory=lambda: coupons.TakenBack(0, []))


class Holder(ABC):
    """One scarce thing. Every verb is safe to repeat and runs in the caller's transaction, under the order's lock."""

    # Refusals of ``hold`` that mean: it was free when the choice was priced, and somebody took it since. A new quote
    # does without it, or refuses by itself.
    taken_meanwhile: ClassVar[Collection[type[ShopError]]] = ()

    @abstractmethod
    def concerns(self, order: Order) -> bool:
        """Whether the order took, or is to take, any of it: read from its frozen figures, without a statement."""

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        """Take what the order was priced with, where there is no clause; ``demand`` is units by SKU id, gifts included."""
        raise NotImplementedError(f"{type(self).__name__} holds by a clause")

    def clause(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> Clause | None:
        """``hold`` as a part of a statement with other holders (``base.clauses``), None where it is none of this order."""
        return None

    def commit(self, *, order: Order, at: datetime) -> None:
        """Use it up, where there is no clause: the order is paid."""
        raise NotImplementedError(f"{type(self).__name__} commits by a clause")

    def commit_clause(self, *, order: Order, at: datetime) -> Clause | None:
        """``commit`` as such a part, None where it is none of this order."""
        return None

    def release(self, *, order: Order, at: datetime) -> None:
        """Give back what the order held: it was not paid."""
        self.release_many(orders=[order], at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        """Give back what each of these orders held, all or none, with the locks in one order across all of them.

        Who has no such verb says ``release``, and its orders are closed one by one.
        """
        raise NotImplementedError(f"{type(self).__name__} gives back for one order after the other")

    @property
    def gives_back_together(self) -> bool:
        """Whether what many orders held can be given back at once."""
        return type(self).release_many is not Holder.release_many

    @abstractmethod
    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        """Give back what a refund's part of the paid order used."""

    def came_with(self, order: Order) -> bool:
        """Whether a paid order may have brought something that a refund takes back, though it took nothing."""
        return False


class Promotions(Holder):
    """Uses of promotions that took something off, or gave a gift; they come back with an order that is undone."""

    taken_meanwhile = (promotions.LimitReached,)

    def concerns(self, order: Order) -> bool:
        given = (refs.read(gift["ref"]) for gift in order.gifts if gift["quantity"])
        return any(ref.kind == refs.PROMOTION for ref in (*order.offers_used, *given) if ref)

    def clause(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> Clause | None:
        return promotions.holding(
            order_no=order.order_no,
            member_id=order.member_id,
            uses=promotions.uses_of(quote),
            most_unpaid=settings.MEMBER_UNPAID_USES,
            at=at,
        )

    def commit_clause(self, *, order: Order, at: datetime) -> Clause | None:
        return promotions.committing(order_no=order.order_no, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        promotions.release_many(order_nos=[order.order_no for order in orders], at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.undone:
            promotions.restore(order_no=order.order_no, at=at)


class Coupons(Holder):
    """The coupon that made the order cheaper, and with a refund those that came as its gift."""

    taken_meanwhile = (coupons.CouponUnavailable, coupons.CouponConflict)

    def concerns(self, order: Order) -> bool:
        return any(ref.kind == refs.COUPON for ref in order.offers_used)

    def came_with(self, order: Order) -> bool:
        return True

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        public_ids = coupon_ids_of(order)
        coupons.hold(order_no=order.order_no, member_id=order.member_id, public_ids=public_ids, at=at)

    def clause(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> Clause | None:
        public_id, *more = coupon_ids_of(order)
        if more:
            return None
        return coupons.taking(order_no=order.order_no, member_id=order.member_id, public_id=public_id, at=at)

    def commit(self, *, order: Order, at: datetime) -> None:
        coupons.commit(order_no=order.order_no, at=at)

    def commit_clause(self, *, order: Order, at: datetime) -> Clause | None:
        public_id, *more = coupon_ids_of(order)
        return None if more else coupons.committing(order_no=order.order_no, public_id=public_id, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        coupons.release_many(order_nos=[order.order_no for order in orders], at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.undone and self.concerns(order):
            coupons.restore(order_no=order.order_no, at=at)
        if part.units:
            restored.gifts = coupons.take_back_gifts(order_no=order.order_no, kept_fen=part.kept_fen, at=at)


class Points(Holder):
    """Points that pay a part of the order, or for a good of the points mall, and with a refund those it earned."""

    # Not PointsConflict: a good that asks for more points than were shown is not taken silently.
    taken_meanwhile = (points.NotEnoughPoints, points.RedeemedOut, points.LimitReached)

    def concerns(self, order: Order) -> bool:
        return bool(order.points_used)

    def came_with(self, order: Order) -> bool:
        return True

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        if order.activity and order.activity["kind"] == points_good.KIND:
            _redeem(order, order.activity["id"], quote, at=at)
        else:
            points.hold(order_no=order.order_no, member_id=order.member_id, points=order.points_used, at=at)

    def commit(self, *, order: Order, at: datetime) -> None:
        points.commit(order_no=order.order_no, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        points.release_many(order_nos=[order.order_no for order in orders], at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.part_fen:
            restored.points = points.give_back_for_refund(
                order_no=order.order_no,
                member_id=order.member_id,
                refund_key=part.refund_no,
                part_fen=part.part_fen,
                whole_fen=part.whole_fen,
                paid_fen=part.paid_fen,
                at=at,
            )
        elif part.price_back_fen:
            restored.points = points.settle_for_less(
                order_no=order.order_no,
                member_id=order.member_id,
                refund_key=part.refund_no,
                back_fen=part.price_back_fen,
                at=at,
            )


def _redeem(order: Order, good_id: int, quote: Quote, *, at: datetime) -> None:
    """Hold units of the good with their points. Raises ActivityNotFound, and PointsConflict for another price."""
    try:
        redemption = points.hold_good(
            order_no=order.order_no,
            member_id=order.member_id,
            good_id=good_id,
            quantity=sum(item.quantity for item in quote.goods),
            at=at,
        )
    except NotFound:
        raise ActivityNotFound from None
    if redemption.points != order.points_used:
        raise points.PointsConflict("所需积分有变动，请重新确认", details={"points": redemption.points})


class Balance(Holder):
    """Stored value that pays a part of the order."""

    taken_meanwhile = (wallet.BalanceShort,)

    def concerns(self, order: Order) -> bool:
        return bool(order.balance_fen)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        wallet.hold(order_no=order.order_no, member_id=order.member_id, amount_fen=order.balance_fen, at=at)

    def commit(self, *, order: Order, at: datetime) -> None:
        wallet.commit(order_no=order.order_no, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        wallet.release_many(order_nos=[order.order_no for order in orders], at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.balance_fen:
            wallet.restore(order_no=order.order_no, amount_fen=part.balance_fen, cause=part.refund_no, at=at)


class Bargains(Holder):
    """A member's run of a bargain, with a unit of its quota."""

    taken_meanwhile = (bargains.PriceMoved, bargains.Closed, campaigns.SoldOut)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == bargain.KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        try:
            bargains.hold(
                order_no=order.order_no,
                bargain_no=_activity_id(order),
                member_id=order.member_id,
                price_fen=bargain.price_fen_of(order),
                at=at,
            )
        except NotFound:
            raise ActivityNotFound from None

    def commit(self, *, order: Order, at: datetime) -> None:
        bargains.commit(order_no=order.order_no, bargain_no=_activity_id(order), at=at)

    def release(self, *, order: Order, at: datetime) -> None:
        bargains.release(order_no=order.order_no, bargain_no=_activity_id(order), at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        units = sum(part.units.values())
        bargains.restore(order_no=order.order_no, units=units, cause=part.refund_no, at=at)


class ReferralPrizes(Holder):
    """Goods that a member won: the reward itself, ordered once. What goes back gives no second one."""

    taken_meanwhile = (referrals.PrizeOrdered, referrals.PrizeNotGiven)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == referral_prize.KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        try:
            referrals.prizes.hold(
                order_no=order.order_no, reward_id=_activity_id(order), member_id=order.member_id, at=at
            )
        except NotFound:
            raise ActivityNotFound from None

    def commit(self, *, order: Order, at: datetime) -> None:
        """It is the order's since it was placed."""

    def release(self, *, order: Order, at: datetime) -> None:
        referrals.prizes.release(order_no=order.order_no, reward_id=_activity_id(order))

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        """A refund brings the stock back, not the prize."""


class Presales(Holder):
    """Units of a pre-sale's plan, of which many orders want the same; the shelf is not asked before they are here."""

    taken_meanwhile = (campaigns.SoldOut,)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == presale.KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        units = {item.sku_id: item.quantity for item in quote.goods}
        try:
            presales.hold(order=order, presale_id=_activity_id(order), units=units, at=at)
        except NotFound:
            raise ActivityNotFound from None
        agreed = presale_terms.of_order(order)
        if agreed is not None and agreed.balance_until is not None:
            # A deposit that comes after the balance's window would reserve nothing.
            orders.hasten(order=order, expires_at=agreed.balance_until)

    def commit(self, *, order: Order, at: datetime) -> None:
        presales.commit(order=order, at=at)

    def release(self, *, order: Order, at: datetime) -> None:
        presales.release(order=order, at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        presales.restore(
            order=order, units=part.units, cause=part.refund_no, ends=part.kept_fen is None, at=at
        )


class Stock(Holder):
    """Units on the shelf: every order takes some, many orders want the same. Not those that have not come yet."""

    taken_meanwhile = (inventory.OutOfStock,)

    def concerns(self, order: Order) -> bool:
        return not order.awaits_goods

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        place_id = order.delivery["place_id"] if order.delivery else None
        limit = _most_unpaid(order)
        free = inventory.hold(order_no=order.order_no, demand=demand, limit=limit, place_id=place_id, at=at)
        if _is_large(demand) and any(
            quantity * 2 > free[sku_id] for sku_id, quantity in demand.items() if sku_id in free
        ):
            # It takes most of what others could still buy: it is paid soon, or given back soon.
            soon = at + timedelta(minutes=settings.LARGE_ORDER_PAYMENT_MINUTES)
            orders.hasten(order=order, expires_at=soon)

    def clause(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> Clause | None:
        if order.delivery or _is_large(demand):
            return None
        return inventory.holding(order_no=order.order_no, demand=demand, limit=_most_unpaid(order), at=at)

    def commit_clause(self, *, order: Order, at: datetime) -> Clause | None:
        return inventory.committing(order_no=order.order_no, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        inventory.release_many(order_nos=[order.order_no for order in orders], at=at)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.restocked:
            inventory.restore(order_no=order.order_no, quantities=part.restocked, cause=part.refund_no, at=at)


class PickupCodes(Holder):
    """The code by which an order is fetched: drawn when it is paid, good until it is handed over or all refunded."""

    def concerns(self, order: Order) -> bool:
        return order.delivery_kind is DeliveryKind.PICKUP

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        return None  # nothing is scarce of it

    def commit(self, *, order: Order, at: datetime) -> None:
        moving.open_for(order=order, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        return None  # unpaid, they have no code

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        if part.kept_fen is None:
            moving.call_off(order=order)


def _most_unpaid(order: Order) -> inventory.Limit:
    """How many units of a SKU its buyer may hold unpaid."""
    return inventory.Limit(
        order_facts.UNPAID_OF, {"member_id": order.member_id}, settings.MEMBER_UNPAID_UNITS
    )


def _is_large(demand: Mapping[int, int]) -> bool:
    return sum(demand.values()) > settings.LARGE_ORDER_UNITS


def _activity_id(order: Order) -> Any:
    return order.activity["id"] if order.activity else None


def coupon_ids_of(order: Order) -> list[UUID]:
    """The public ids of the coupons that made the order cheaper."""
    return [public_id for ref in order.offers_used if (public_id := ref.public_id) is not None]
