"""Placing an order: read and decide outside, then one transaction that writes it and holds what is scarce."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings

from apps.base import transactions
from apps.carts import services as carts
from apps.checkout import quoting
from apps.checkout.quoting import Choice, Composition
from apps.inventory import services as inventory
from apps.members.models import Address, Member
from apps.orders import selectors as past_orders
from apps.orders import services as orders
from apps.orders.models import Order
from apps.outbox import services as outbox
from mall.errors import Invalid, Kind, ShopError
from mall.events import OrderPlaced


class PriceChanged(ShopError):
    """The order costs something else than the shopper was shown; ``details`` has the new ``quote``."""

    code = "price_changed"
    message = "价格有变动，请确认后重新提交"
    kind = Kind.CONFLICT


class AddressRequired(Invalid):
    """Goods need somewhere to go."""

    code = "address_required"
    message = "请选择收货地址"


class _KeyTaken(ShopError):
    """Another request with the same key was faster; its order is the answer."""

    code = "idempotency_key_taken"


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

    A key that was used before answers the order it stands for, whatever became of stock and prices since.
    Raises IdempotencyKeyReused for a key that was used for another request, AddressRequired, PriceChanged,
    OutOfStock, and whatever ``quoting.compose`` refuses. Must be called outside a transaction.
    """
    request_hash = _hash(choice, expected_payable_fen, remark)

    def placed_before() -> Order | None:
        return past_orders.placed_before(
            member=member, idempotency_key=idempotency_key, request_hash=request_hash
        )

    if earlier := placed_before():
        return earlier
    try:
        composition = _compose(member, choice, expected_payable_fen, at=at)
        with transactions.refine({"order_once_per_idempotency_key": _KeyTaken}):
            return _write(
                member,
                composition,
                from_cart=choice.from_cart,
                idempotency_key=idempotency_key,
                request_hash=request_hash,
                remark=remark,
                at=at,
            )
    except ShopError:
        # The same request may have been placed while this one was on its way: it emptied the cart, took the
        # last unit or the key. Then its order is the answer, not our refusal.
        if earlier := placed_before():
            return earlier
        raise


def _compose(member: Member, choice: Choice, expected_payable_fen: int, *, at: datetime) -> Composition:
    if choice.address_id is None:
        raise AddressRequired(details={"address_id": ["请选择收货地址"]})
    composition = quoting.compose(member=member, choice=choice, at=at)
    if composition.quote.payable_fen != expected_payable_fen:
        raise PriceChanged(details={"quote": composition.quote.as_dict()})
    return composition


def _write(
    member: Member,
    composition: Composition,
    *,
    from_cart: bool,
    idempotency_key: str,
    request_hash: str,
    remark: str,
    at: datetime,
) -> Order:
    """The order's transaction. Stock rows are what shoppers contend for, so they are held last."""
    if composition.address is None:
        raise AddressRequired
    order = orders.place(
        member=member,
        quote=composition.quote,
        goods={
            sku_id: orders.Goods(
                option_text=quoting.option_text(sku)[:120],
                image=quoting.image_name(sku),
                cost_fen=sku.cost_fen,
            )
            for sku_id, sku in composition.skus.items()
        },
        address=_snapshot(composition.address),
        remark=remark,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        expires_at=at + timedelta(minutes=settings.ORDER_PAYMENT_MINUTES),
        at=at,
    )
    if from_cart:
        carts.forget_ordered(member=member, quantities=composition.quantities)
    outbox.publish(OrderPlaced(order_no=order.order_no, member_id=member.pk), at=at)
    inventory.hold(order_no=order.order_no, demand=composition.quantities, at=at)
    return order


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


def _hash(choice: Choice, expected_payable_fen: int, remark: str) -> str:
    """What the request said, as SHA-256 of canonical JSON: equal for the same request, whoever sends it."""
    said = {"choice": asdict(choice), "expected_payable_fen": expected_payable_fen, "remark": remark}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
