"""Everything scarce that an order takes: held, committed, released, and restored whole or in part, in one order.

After the order's own row: uses of promotions, the coupon, points, stored value, stock. Rows that few orders
share come before those that many share, so that a lock that others wait for is held shortest; and since everybody
keeps to this order, orders queue and never wait for each other in a circle. What an order took is read from its
own frozen figures: an order that took no points costs no statement about points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.base import transactions
from apps.checkout import activities
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.inventory import services as inventory
from apps.orders.models import Order
from apps.points import services as points
from apps.promotions import refs
from apps.promotions import services as promotions
from apps.wallet import services as wallet
from mall.pricing.quote import Quote


def hold(*, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
    """Take what the order was priced with, all or nothing; ``demand`` is units by SKU id, gifts included.

    Raises what the rooms refuse: LimitReached, CouponUnavailable, NotFound, NotEnoughPoints, RedeemedOut,
    PointsConflict, BalanceShort, OutOfStock. The transaction must then be rolled back.
    """
    transactions.require()
    if _promoted(order):
        promotions.hold(order_no=order.order_no, member_id=order.member_id, quote=quote, at=at)
    if public_ids := coupon_ids_of(order):
        coupons.hold(order_no=order.order_no, member_id=order.member_id, public_ids=public_ids, at=at)
    if good_id := activities.good_id_of(order.applied):
        units = sum(item.quantity for item in quote.items)
        redemption = points.hold_good(
            order_no=order.order_no, member_id=order.member_id, good_id=good_id, quantity=units, at=at
        )
        if redemption.points != order.points_used:
            raise points.PointsConflict("所需积分有变动，请重新确认", details={"points": redemption.points})
    elif order.points_used:
        points.hold(order_no=order.order_no, member_id=order.member_id, points=order.points_used, at=at)
    if order.balance_fen:
        wallet.hold(order_no=order.order_no, member_id=order.member_id, amount_fen=order.balance_fen, at=at)
    inventory.hold(order_no=order.order_no, demand=demand, at=at)


def commit(*, order: Order, at: datetime) -> None:
    """Use up what the order holds: it is paid. The caller has locked the order."""
    transactions.require()
    if _promoted(order):
        promotions.commit(order_no=order.order_no, at=at)
    if coupon_ids_of(order):
        coupons.commit(order_no=order.order_no, at=at)
    if order.points_used:
        points.commit(order_no=order.order_no, at=at)
    if order.balance_fen:
        wallet.commit(order_no=order.order_no, at=at)
    inventory.commit(order_no=order.order_no, at=at)


def release(*, order: Order, at: datetime) -> None:
    """Give back what an unpaid order holds. The caller has locked the order."""
    transactions.require()
    if _promoted(order):
        promotions.release(order_no=order.order_no, at=at)
    if coupon_ids_of(order):
        coupons.release(order_no=order.order_no, at=at)
    if order.points_used:
        points.release(order_no=order.order_no, at=at)
    if order.balance_fen:
        wallet.release(order_no=order.order_no, at=at)
    inventory.release(order_no=order.order_no, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a refund gives back of a paid order.

    ``undone``: all of it is refunded and nothing ever left, so that the uses of promotions and the coupon come
    back. ``kept_fen`` is what is still paid for the goods, None where nothing of them is kept. ``part_fen`` of
    ``whole_fen`` is the refund's share of the goods before points were deducted. ``units`` go back on the
    shelf, by SKU id.
    """

    refund_no: str
    undone: bool
    kept_fen: int | None
    part_fen: int
    whole_fen: int
    balance_fen: int
    units: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of the order's points, and of the coupons that came as its gift."""

    points: points.Returned
    gifts: coupons.TakenBack


def restore(*, order: Order, part: Part, at: datetime) -> Restored:
    """Give back what a refund's part of a paid order used, and take back what came with it.

    The caller has locked the order, and asks once for each refund number.
    """
    transactions.require()
    order_no, cause = order.order_no, part.refund_no
    if part.undone and _promoted(order):
        promotions.restore(order_no=order_no, at=at)
    if part.undone and coupon_ids_of(order):
        coupons.restore(order_no=order_no, at=at)
    gifts = coupons.take_back_gifts(order_no=order_no, kept_fen=part.kept_fen, at=at)
    returned = points.Returned(0, 0, 0, 0)
    if part.part_fen:
        returned = points.give_back_for_refund(
            order_no=order_no,
            member_id=order.member_id,
            refund_key=cause,
            part_fen=part.part_fen,
            whole_fen=part.whole_fen,
            at=at,
        )
    if part.balance_fen:
        wallet.restore(order_no=order_no, amount_fen=part.balance_fen, cause=cause, at=at)
    if part.units:
        inventory.restore(order_no=order_no, quantities=part.units, cause=cause, at=at)
    return Restored(returned, gifts)


def coupon_ids_of(order: Order) -> list[UUID]:
    """The public ids of the coupons that made the order cheaper."""
    found = (coupon_facts.public_id_of(reduction["ref"]) for reduction in order.applied)
    return [public_id for public_id in found if public_id is not None]


def _promoted(order: Order) -> bool:
    """Whether a promotion took something off the order, or gave a gift."""
    named = [reduction["ref"] for reduction in order.applied]
    named += [gift["ref"] for gift in order.gifts if gift["quantity"]]
    return any(refs.read(ref) for ref in named)
