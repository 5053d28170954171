"""Placing an order: read and decide outside, then one transaction that writes it and holds what is scarce."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from apps.base import transactions, versions
from apps.base.planned import Ahead
from apps.carts import services as carts
from apps.catalog.articles import Article
from apps.checkout import chosen, quoting, scarce
from apps.checkout.quoting import Choice, Composition
from apps.inventory.services import OutOfStock
from apps.members.models import Address, Member
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import DeliveryKind
from apps.promotions import services as promotions
from mall.errors import Invalid, Kind, ShopError

# Who finds an empty cart so soon after an order of it has pressed twice, or looks at a page of before.
_SENT_TWICE: Final = timedelta(minutes=5)
# What every request has said since the first: it counts even where it was left out. Later fields do only where they
# say something, so that a request of before stays the same request.
_ALWAYS_SAID: Final = frozenset({"items", "address_id", "coupon_id", "use_points", "activity"})
_UNSAID: Final = {each.name: each.default for each in fields(Choice)}
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class PriceChanged(ShopError):
    """The order costs something else than the shopper was shown; ``details`` has the new ``quote``."""

    code = "price_changed"
    message = "价格有变动，请确认后重新提交"
    kind = Kind.CONFLICT


class AddressRequired(Invalid):
    """Goods need somewhere to go."""

    code = "address_required"
    message = "请选择收货地址"


class CartAlreadyOrdered(ShopError):
    """The cart's goods are in another order by now: it was sent twice. ``details`` has that order's ``order_no``."""

    code = "cart_already_ordered"
    message = "购物车中的商品已下单"
    kind = Kind.CONFLICT


class _KeyTaken(ShopError):
    """Another request with the same key was faster; its order is the answer."""

    code = "idempotency_key_taken"


# What the database's constraints say against an order's row.
_REFUSALS: Final[Mapping[str, type[ShopError]]] = {
    "order_once_per_idempotency_key": _KeyTaken,
    orders.PLACE_TAKEN: orders.UnpaidPlaceTaken,
    orders.NO_PLACE_FREE: orders.TooManyUnpaidOrders,
}


def place(
    *,
    member: Member,
    choice: Choice,
    expected_payable_fen: int,
    idempotency_key: str,
    remark: str,
    at: datetime,
) -> Order:
    """Place the order that the member chose and saw at ``expected_payable_fen``; it waits for payment.

    The order is answered with its lines and its history at hand, as ``orders.selectors.of_member`` reads it. A key
    that was used before answers the order it stands for as it is now, whatever became of stock and prices since.
    Where somebody else took a promotion's last use, a gift, or the same coupon or points in between, the
    choice is priced anew: at the same price the order is placed, at another one it is refused with it.
    Raises IdempotencyKeyReused for a key that was used for another request, AddressRequired, PriceChanged,
    OutOfStock, CartAlreadyOrdered, TooManyUnpaidOrders, TooManyUnpaidUnits, TooManyUnpaidUses, SlotFull, SlotPassed, and
    whatever ``quoting.compose`` refuses. Must be called outside a transaction.
    """
    request_hash = _hash(choice, remark, expected_payable_fen=expected_payable_fen)

    try:
        return _price_and_write(
            member,
            choice,
            expected_payable_fen=expected_payable_fen,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            remark=remark,
            at=at,
        )
    except ShopError as refusal:
        # The same request may have been placed before, or while this one was on its way: it has the key, emptied the
        # cart or took the last unit. Then its order is the answer, not our refusal. Asked only here, because nearly
        # every order is new, and the key's constraint refuses the others before anything else is written.
        earlier = order_facts.placed_before(
            member=member, idempotency_key=idempotency_key, request_hash=request_hash
        )
        if earlier:
            return earlier
        if isinstance(refusal, chosen.NothingSelected):
            _refuse_ordered_cart(member, (), at=at)
        raise


def _price_and_write(
    member: Member, choice: Choice, *, expected_payable_fen: int, at: datetime, **request: str
) -> Order:
    """Price the choice and write its order; anew where somebody was faster, twice at most."""
    for last in (False, False, True):
        composition = _compose(member, choice, expected_payable_fen=expected_payable_fen, at=at)
        try:
            return _write_at_a_free_place(
                member,
                composition,
                from_cart=choice.from_cart,
                confirms_no_return=choice.confirms_no_return,
                at=at,
                **request,
            )
        except carts.CartChanged:
            _refuse_ordered_cart(member, composition.quantities, at=at)
            if last:
                raise
        except scarce.taken_meanwhile() as refusal:
            if last or not _may_be_priced_anew(refusal, composition):
                raise
            _look_again()
    raise AssertionError("the last round answers or raises")


def _compose(member: Member, choice: Choice, *, expected_payable_fen: int, at: datetime) -> Composition:
    composition = quoting.compose(member=member, choice=choice, at=at)
    if composition.address is None and not composition.virtual and not _is_fetched(choice):
        raise AddressRequired(details={"address_id": ["请选择收货地址"]})
    if composition.way is not None:
        composition.way.require_open()
    if composition.quote.payable_fen == expected_payable_fen:
        return composition
    for kept in _other_coupons(choice, composition):
        as_seen = quoting.compose(member=member, choice=replace(choice, coupon_id=kept), at=at)
        if as_seen.quote.payable_fen == expected_payable_fen:
            return as_seen
    raise PriceChanged(details={"quote": composition.as_dict()})


def _is_fetched(choice: Choice) -> bool:
    return choice.delivery is not None and choice.delivery.kind == DeliveryKind.PICKUP


def _look_again() -> None:
    """Have the next price made of what is kept now: the order may have waited for others since the request came in."""
    if versions.known():
        versions.forget()
        versions.read()


def _other_coupons(choice: Choice, composition: Composition) -> list[str]:
    """The coupons that the price may have been shown with, where the shopper left the choice to us.

    A better coupon may have come in between, such as the welcome of a new member: the price that was seen
    still holds, and the new coupon is kept for another time.
    """
    if choice.coupon_id is not None:
        return []
    usable = [row["coupon_id"] for row in composition.as_dict()["coupons"]["usable"]]
    return ["none", *(coupon_id for coupon_id in usable if coupon_id != composition.coupon_id)][:4]


def _refuse_ordered_cart(member: Member, sku_ids: Collection[int], *, at: datetime) -> None:
    """Name the order that was just made of the member's cart, of these SKUs where any are named; fine without one."""
    if order_no := order_facts.made_of_cart(member=member, sku_ids=sku_ids, since=at - _SENT_TWICE):
        raise CartAlreadyOrdered(details={"order_no": order_no})


def _write_at_a_free_place(member: Member, composition: Composition, **request: Any) -> Order:
    """Write the order as soon as it has a place among the member's unpaid orders. Raises TooManyUnpaidOrders.

    Each time that a place is gone at the last moment another order has it for good, so the tries are as many as
    the places; the order's row is written first, so a try costs nothing else.
    """
    for _ in range(settings.MEMBER_UNPAID_ORDERS):
        with suppress(orders.UnpaidPlaceTaken), transactions.refine(_REFUSALS):
            return _write(member, composition, **request)
    raise orders.TooManyUnpaidOrders


def _write(
    member: Member,
    composition: Composition,
    *,
    from_cart: bool,
    confirms_no_return: bool,
    idempotency_key: str,
    request_hash: str,
    remark: str,
    at: datetime,
) -> Order:
    """The order's transaction: the order's own row first, then what is scarce, in the order of ``scarce``.

    Both are one message, but for the cart's lines in between.
    """
    address, way = composition.address, composition.way
    order, statement, keys = orders.draft(
        member=member,
        quote=composition.quote,
        goods={
            sku_id: remembered(sku, confirms_no_return=confirms_no_return)
            for sku_id, sku in composition.skus.items()
        },
        address=_snapshot(address) if address else {},
        remark=remark,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        expires_at=at + timedelta(minutes=settings.ORDER_PAYMENT_MINUTES),
        balance_fen=composition.balance_fen,
        activity=composition.admission.as_order() if composition.admission else None,
        price_warnings=_price_warnings(composition),
        from_cart=from_cart,
        awaits_goods=composition.admission is not None and composition.admission.by_plan,
        virtual=composition.virtual,
        delivery=way.as_order() if way else None,
        packing=composition.packing.as_order() if composition.packing else None,
        at=at,
    )
    ahead: Ahead | None = statement
    if from_cart:
        statement.run()
        carts.take_ordered(member=member, quantities=composition.quantities)
        ahead = None
    scarce.hold(
        order=order,
        quote=composition.quote,
        demand=composition.demand,
        ahead=ahead,
        behind=[keys],
        at=at,
    )
    return order


def remembered(article: Article, *, confirms_no_return: bool) -> orders.Goods:
    """What the order's line remembers of a SKU, as it was shown."""
    returns = article.returns
    return orders.Goods(
        product_id=article.product_id,
        option_text=article.option_text[:120],
        image=article.image,
        cost_fen=article.cost_fen,
        returns=returns["code"],
        returns_text=returns["text"],
        returns_confirmed=returns["needs_confirmation"] and confirms_no_return,
        freight_insurance="" if article.virtual else article.insured_by,
    )


def _may_be_priced_anew(refusal: ShopError, composition: Composition) -> bool:
    """Whether a new quote can do without what was refused: goods that were chosen must be there."""
    if not isinstance(refusal, OutOfStock):
        return True
    short = {item["sku_id"]: item["available"] for item in refusal.details["items"]}
    wanted = {**composition.quantities, **(composition.packing.demand if composition.packing else {})}
    return all(available >= wanted.get(sku_id, 0) for sku_id, available in short.items())


def _price_warnings(composition: Composition) -> list[str]:
    """What the price floor has to say to operators. Raises BelowFloor where it refuses.

    Goods at their list price are never below it, and of unknown cost neither: those ask nothing. Nor does an
    activity of whose price the money is only a part.
    """
    if composition.admission and not composition.admission.whole_price:
        return []
    costs_fen = {sku_id: sku.cost_fen for sku_id, sku in composition.skus.items() if sku.cost_fen is not None}
    reduced = [item for item in composition.quote.items if item.reductions and item.sku_id in costs_fen]
    return promotions.check_floor(items=reduced, costs_fen=costs_fen) if reduced else []


def _snapshot(address: Address) -> dict[str, str]:
    """A copy of the address: the member may change or delete the original later."""
    return {
        "name": address.name,
        "phone": address.phone,
        "province": address.province,
        "city": address.city,
        "district": address.district,
        "detail": address.detail,
        "postal_code": address.postal_code,
    }


def _hash(choice: Choice, remark: str, *, expected_payable_fen: int) -> str:
    """What the request said, as SHA-256 of canonical JSON: equal for the same request, whoever sends it."""
    wanted: dict[str, Any] = {
        name: value
        for name, default in _UNSAID.items()
        if (value := getattr(choice, name)) != default or name in _ALWAYS_SAID
    }
    wanted["activity"] = choice.activity.said() if choice.activity else None
    said = {"choice": wanted, "expected_payable_fen": expected_payable_fen, "remark": remark}
    return hashlib.sha256(_CANONICAL.encode(said).encode()).hexdigest()
