"""Everything that writes an order: placing it with its frozen price, what moves it (``moving``), refunds (``refunding``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from django.conf import settings

from apps.base import numbers, planned, statements, transactions
from apps.base.clauses import Clause
from apps.members.models import Member
from apps.orders import writing
from apps.orders.models import AddressChange, Order, OrderLine
from apps.orders.moving import lock, lock_free, lock_many, move, move_many, moving
from apps.orders.refunding import Effects, RefundBeyondOrder, Refunded, record_refund
from apps.orders.states import LIFECYCLE, Actor
from apps.outbox import services as outbox
from mall.errors import Kind, ShopError
from mall.events import OrderPaid
from mall.pricing.quote import Gifted, Item, Quote

__all__ = [
    "NO_PLACE_FREE",
    "PLACE_TAKEN",
    "Draft",
    "Effects",
    "Goods",
    "RefundBeyondOrder",
    "Refunded",
    "TooManyUnpaidOrders",
    "UnpaidPlaceTaken",
    "draft",
    "form",
    "give_up_slot",
    "goods_arrived",
    "hasten",
    "lock",
    "lock_free",
    "lock_many",
    "move",
    "move_many",
    "moving",
    "note_activity",
    "record_refund",
    "rewrite_address",
]


class TooManyUnpaidOrders(ShopError):
    """The member has as many unpaid orders as anybody may; ``details`` has the ``max``."""

    code = "too_many_unpaid_orders"
    message = "待付款的订单太多，请先付款或取消部分订单"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__(details={"max": settings.MEMBER_UNPAID_ORDERS})


class UnpaidPlaceTaken(ShopError):
    """Another order of the same member, placed at the same moment, took this place: the next try takes another."""

    code = "unpaid_place_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What an order remembers of a SKU beside its price: how it was called and shown, and what it cost us.

    ``image`` is the name of a stored file, ``cost_fen`` is per unit and None where nobody knows it. The product is
    not remembered; it is for whoever answers the order that was just placed. ``returns`` and its text are what was shown of
    going back without a reason, ``returns_confirmed`` whether the buyer confirmed that they do not.
    ``freight_insurance`` is who was said to pay an insurer of the way back, empty for nobody.
    """

    product_id: int
    option_text: str = ""
    image: str = ""
    cost_fen: int | None = None
    returns: str = ""
    returns_text: str = ""
    returns_confirmed: bool = False
    freight_insurance: str = ""


class Draft(NamedTuple):
    """An order to be written by ``statement``; with ``keys`` run behind it, it is as ``selectors.of_member`` reads it."""

    order: Order
    statement: planned.Ahead
    keys: Clause


# The constraints on places for unpaid orders: two orders at once wanted the same, none is free.
PLACE_TAKEN: Final = "order_unpaid_place_once"
NO_PLACE_FREE: Final = "order_has_unpaid_place"


def draft(
    *,
    member: Member,
    quote: Quote,
    goods: Mapping[int, Goods],
    address: Mapping[str, str],
    remark: str,
    idempotency_key: str,
    request_hash: str,
    expires_at: datetime,
    balance_fen: int = 0,
    activity: Mapping[str, Any] | None = None,
    price_warnings: Sequence[str] = (),
    from_cart: bool = False,
    awaits_goods: bool = False,
    virtual: bool = False,
    delivery: Mapping[str, Any] | None = None,
    packing: Mapping[str, Any] | None = None,
    at: datetime,
) -> Draft:
    """An UNPAID order with the quote's figures frozen, to be written; ``goods`` is by SKU id, ``address`` a copy.

    Gifts become lines at no price; ``goods`` names their SKUs too. ``balance_fen`` is the part of the price
    that stored value is to pay, ``activity`` what it is an order of, with ``kind``, ``id`` and ``title``,
    ``price_warnings`` are sentences for operators, ``awaits_goods`` says that its units are still to come, ``virtual``
    that they are card keys and nothing travels, ``delivery`` how it comes where no parcel is sent, from which place, and
    ``packing`` what it is wrapped in, of which the quote has a line. It is announced: one statement in all, the first of
    its transaction that writes. Must be called inside of that.
    A member's key is unique (``order_once_per_idempotency_key``): of two requests at once the second waits
    there for the first, and its IntegrityError is the caller's to refine, around the whole transaction. So is that
    of the places for unpaid orders (``PLACE_TAKEN``, ``NO_PLACE_FREE``): the order takes a free one of its member.
    """
    transactions.require()
    order = statements.fresh(
        Order,
        order_no=numbers.dated("SO", at=at),
        member_id=member.pk,
        status=LIFECYCLE.initial,
        goods_fen=quote.goods_fen,
        reduction_fen=quote.reduction_fen,
        shipping_fen=quote.shipping_fen,
        payable_fen=quote.payable_fen,
        balance_fen=balance_fen,
        points_used=quote.points_used,
        activity=dict(activity) if activity else None,
        gifts=[gift.as_dict() for gift in quote.gifts],
        price_warnings=list(price_warnings),
        applied=[reduction.as_dict() for reduction in quote.applied],
        declined=[declined.as_dict() for declined in quote.declined],
        address=dict(address),
        remark=remark,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        from_cart=from_cart,
        awaits_goods=awaits_goods,
        virtual=virtual,
        delivery=dict(delivery) if delivery else None,
        packing=dict(packing) if packing else None,
        created_at=at,
        expires_at=expires_at,
    )
    lines = [_line(item, goods[item.sku_id]) for item in quote.items]
    lines += _gift_lines(quote.gifts, goods)
    del order.unpaid_place  # whoever asks reads which the database took
    told = writing.writing(order, lines, most_unpaid=settings.MEMBER_UNPAID_ORDERS)
    return Draft(_as_read(order, lines, goods), *told)


def _as_read(order: Any, lines: list[OrderLine], goods: Mapping[int, Goods]) -> Order:
    """An order that is just being written, as ``selectors.of_member`` reads it: with its lines and its history."""
    for line in lines:
        shown: Any = line
        shown.product_id = goods[line.sku_id].product_id
    order.written_lines = lines
    order.moves = [
        {
            "move": "place",
            "from_status": "",
            "to_status": order.status,
            "actor": Actor.MEMBER.value,
            "at": order.created_at,
            "note": "",
        }
    ]
    return cast(Order, order)


def hasten(*, order: Order, expires_at: datetime) -> None:
    """Give the buyer less time to pay an order that is being placed; never more than it has."""
    transactions.require()
    if expires_at < order.expires_at:
        order.expires_at = expires_at
        order.save(update_fields=["expires_at"])


def form(*, order_no: str, actor: Actor, note: str = "", at: datetime) -> Order:
    """What a paid order waited for has come: it is PAID for everybody who hears the news, who heard nothing before.

    Must run inside a transaction. Raises NotFound, and MoveRefused unless it is GATHERING.
    """
    order = move(order_no=order_no, move="form", actor=actor, note=note, at=at)
    outbox.publish(OrderPaid(order_no=order_no, member_id=order.member_id), at=at)
    return order


def goods_arrived(*, order: Order) -> None:
    """The units that the order waited for have come and are held for it; the caller has locked it. Safe to repeat."""
    transactions.require()
    order.awaits_goods = False
    order.save(update_fields=["awaits_goods"])


def rewrite_address(
    *, order: Order, address: Mapping[str, str], reason: str, operator: Any, at: datetime
) -> AddressChange:
    """Give an order another address and keep what it was; the caller has locked it and says whether it may be."""
    transactions.require()
    change = AddressChange.objects.create(
        order=order, before=order.address, after=dict(address), reason=reason, operator=operator, at=at
    )
    order.address = dict(address)
    order.save(update_fields=["address"])
    return change


def give_up_slot(*, order: Order) -> None:
    """Have an order, which the caller has locked, come in no agreed time any more; its seat remembers which it was."""
    transactions.require()
    order.delivery = {**(order.delivery or {}), "slot": None}
    order.save(update_fields=["delivery"])


def note_activity(*, order: Order, **more: Any) -> None:
    """Add to what the order answers of its activity (the group that its payment opened, say); the caller locked it.

    Raises ValueError for an order of no activity, and for its kind, id and title, which never change.
    """
    if not order.activity or {"kind", "id", "title"} & set(more):
        raise ValueError(f"order {order.order_no} cannot note {sorted(more)} of its activity")
    order.activity = {**order.activity, **more}
    order.save(update_fields=["activity"])


def _line(item: Item, goods: Goods) -> OrderLine:
    return statements.fresh(
        OrderLine,
        sku_id=item.sku_id,
        title=item.title,
        option_text=goods.option_text,
        image=goods.image,
        quantity=item.quantity,
        unit_price_fen=item.unit_price_fen,
        list_fen=item.list_fen,
        cost_fen=goods.cost_fen,
        returns=goods.returns,
        returns_text=goods.returns_text,
        returns_confirmed=goods.returns_confirmed,
        freight_insurance=goods.freight_insurance,
        reductions=[reduction.as_dict() for reduction in item.reductions],
        payable_fen=item.payable_fen,
        is_packing=item.is_packing,
    )


def _gift_lines(gifts: Sequence[Gifted], goods: Mapping[int, Goods]) -> list[OrderLine]:
    """One line for each SKU that is given, whichever offers give it."""
    lines: dict[int, OrderLine] = {}
    for gift in gifts:
        if not gift.quantity:
            continue
        if line := lines.get(gift.sku_id):
            line.quantity += gift.quantity
            continue
        lines[gift.sku_id] = statements.fresh(
            OrderLine,
            reductions=[],
            sku_id=gift.sku_id,
            title=gift.title,
            option_text=goods[gift.sku_id].option_text,
            image=goods[gift.sku_id].image,
            quantity=gift.quantity,
            unit_price_fen=0,
            list_fen=0,
            cost_fen=goods[gift.sku_id].cost_fen,
            returns=goods[gift.sku_id].returns,
            returns_text=goods[gift.sku_id].returns_text,
            returns_confirmed=goods[gift.sku_id].returns_confirmed,
            freight_insurance=goods[gift.sku_id].freight_insurance,
            payable_fen=0,
            is_gift=True,
        )
    return list(lines.values())
