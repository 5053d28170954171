"""What writes the lines of a cart. One member's changes queue up behind the member's row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from apps.base import transactions
from apps.carts.models import CartItem
from apps.carts.services import queueing
from apps.members.models import Member
from mall.errors import Invalid, Kind, NotFound, ShopError

MAX_LINES = 120
MAX_QUANTITY = 9999


class CartFull(ShopError):
    """The cart holds as many different SKUs as it can."""

    code = "cart_full"
    message = f"购物车最多放 {MAX_LINES} 种商品"
    kind = Kind.CONFLICT


class CartQuantityTooLarge(ShopError):
    """Nobody carries that many; ``details`` has the quantity that is in the cart already."""

    code = "cart_quantity_too_large"
    message = f"单个商品最多 {MAX_QUANTITY} 件"
    kind = Kind.CONFLICT


class CartChanged(ShopError):
    """The cart is not what was priced: a line left it, or shrank, since; ``details`` has the ``sku_ids``."""

    code = "cart_changed"
    message = "购物车有变动，请刷新后重试"
    kind = Kind.CONFLICT


class CartQuantityInvalid(Invalid):
    """Less than one piece, or more than a cart line can say."""

    code = "cart_quantity_invalid"
    message = f"数量应为 1 到 {MAX_QUANTITY} 的整数"


def put(*, member: Member, sku_id: int, quantity: int, selected: bool, at: datetime) -> None:
    """Put a SKU into the cart, or add to what is there; ``selected`` holds from now on.

    The caller knows that the SKU exists and is on sale. Raises CartQuantityInvalid, CartQuantityTooLarge,
    CartFull.
    """
    for refusal in put_all(member=member, quantities={sku_id: quantity}, selected=selected, at=at).values():
        raise refusal


def put_all(
    *, member: Member, quantities: Mapping[int, int], selected: bool, at: datetime
) -> dict[int, ShopError]:
    """Put SKUs into the cart as ``put`` does, the first named standing first; the refusals of those left out by SKU id.

    At most four statements, however many SKUs. Raises CartQuantityInvalid, with nothing put.
    """
    for quantity in quantities.values():
        _refuse_quantity(quantity)
    refusals: dict[int, ShopError] = {}
    new: list[CartItem] = []
    grown: list[CartItem] = []
    with transaction.atomic():
        queueing.behind(member)
        there = {item.sku_id: item for item in CartItem.objects.filter(member=member)}
        for sku_id, quantity in quantities.items():
            item = there.get(sku_id)
            if item is None:
                if len(there) + len(new) >= MAX_LINES:
                    refusals[sku_id] = CartFull()
                    continue
                line = CartItem(
                    member=member, sku_id=sku_id, quantity=quantity, selected=selected, added_at=at
                )
                new.append(line)
            elif item.quantity + quantity > MAX_QUANTITY:
                refusals[sku_id] = CartQuantityTooLarge(details={"sku_id": sku_id, "quantity": item.quantity})
            else:
                item.quantity += quantity
                item.selected = selected
                grown.append(item)
        if new:
            # The last row stands first in a cart.
            CartItem.objects.bulk_create(reversed(new))
        if grown:
            CartItem.objects.bulk_update(grown, ["quantity", "selected"])
    return refusals


def change(
    *, member: Member, item_id: int, quantity: int | None = None, selected: bool | None = None
) -> None:
    """Set the quantity or the selection of one line; None leaves it. Raises NotFound, CartQuantityInvalid."""
    written: dict[str, object] = {}
    if quantity is not None:
        _refuse_quantity(quantity)
        written["quantity"] = quantity
    if selected is not None:
        written["selected"] = selected
    with transaction.atomic():
        queueing.behind(member)
        mine = CartItem.objects.filter(member=member, pk=item_id)
        if not (mine.update(**written) if written else mine.exists()):
            raise NotFound


def remove(*, member: Member, item_id: int) -> None:
    """Take one line out of the cart. Raises NotFound."""
    with transaction.atomic():
        queueing.behind(member)
        deleted, _ = CartItem.objects.filter(member=member, pk=item_id).delete()
    if not deleted:
        raise NotFound


def take_ordered(*, member: Member, quantities: Mapping[int, int]) -> None:
    """Take what is ordered out of the cart: ``quantities`` by SKU id, each of a line that has as many.

    A line that grew since the order was composed keeps what came on top. Must run in the order's transaction: the
    rows that were taken are counted, so that two orders cannot take the same. Raises CartChanged.
    """
    transactions.require()
    if not quantities:
        return
    queueing.behind(member)
    mine = CartItem.objects.filter(member=member)
    used_up, more_left = Q(), Q()
    for sku_id, quantity in quantities.items():
        used_up |= Q(sku_id=sku_id, quantity=quantity)
        more_left |= Q(sku_id=sku_id, quantity__gt=quantity)
    taken, _ = mine.filter(used_up).delete()
    if taken < len(quantities):
        ordered = Case(
            *(When(sku_id=sku_id, then=Value(quantity)) for sku_id, quantity in quantities.items()),
            default=Value(0),
        )
        taken += mine.filter(more_left).update(quantity=F("quantity") - ordered)
    if taken < len(quantities):
        transaction.set_rollback(True)
        raise CartChanged(details={"sku_ids": list(quantities)})


def _refuse_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise CartQuantityInvalid(details={"quantity": quantity})
