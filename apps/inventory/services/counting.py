"""What operators bring in and count: receipts (入库) and corrections after stocktaking (盘点调整)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from apps.catalog.models import Sku
from apps.inventory.models import Stock, StockEntry
from apps.inventory.services import booking
from apps.inventory.services.booking import Cause, Change
from apps.inventory.states import EntryKind
from apps.stores.models import Place
from mall.errors import Invalid, NotFound, ShopError

# More than any shelf holds, small enough that a row stays within its column after a thousand of them.
MAX_UNITS: Final = 1_000_000
MAX_ON_HAND: Final = 1_000_000_000
# Unique per stock row, so that what a SKU starts with is booked once.
_OPENING: Final = "opening"


class QuantityInvalid(Invalid):
    """A quantity that nobody receives or corrects."""

    code = "quantity_invalid"
    message = f"数量必须是 1 到 {MAX_UNITS} 之间的整数"


class StockOfCards(Invalid):
    """A unit of a virtual SKU is a card key: it comes and goes with its card alone, and a card with its unit."""

    code = "stock_of_cards"
    message = "虚拟商品的库存就是未售的卡密，请导入或作废卡密，不能直接入库或盘点"


class BelowHeld(ShopError):
    """The correction would take units that are promised to unpaid orders. ``details``: on_hand and held."""

    code = "below_held"
    message = "调整后的现货少于已占用数量"


def receive(
    *,
    sku_id: int,
    place_id: int,
    quantity: int,
    business_key: str,
    reason: str,
    operator: User | None,
    of_cards: bool = False,
    at: datetime,
) -> StockEntry:
    """Put 1 … 1,000,000 units on the shelf of a place, which need not have had any of the SKU before.

    ``business_key`` (at most 80 characters) names the delivery: booking it again returns the first entry and
    changes nothing. ``operator`` is None where a program receives. ``of_cards`` says that the units are card keys, as
    those of virtual SKUs are. Raises QuantityInvalid, StockOfCards, and NotFound for an unknown SKU or place.
    """
    if not 1 <= quantity <= MAX_UNITS:
        raise QuantityInvalid(details={"quantity": quantity})
    return _correct(
        sku_id=sku_id,
        place_id=place_id,
        change=quantity,
        cause=Cause(EntryKind.RECEIVE, business_key, reason, operator),
        of_cards=of_cards,
        at=at,
    )


@transaction.atomic
def open_stock(*, units: Mapping[int, int], operator: User | None, at: datetime) -> Place | None:
    """Put the first units of new SKUs, ``{sku_id: units}``, into the place that is sent from first; return it.

    None, and nothing done, where there is no place yet. A SKU that was opened before is left as it is. A few statements
    however many SKUs there are. Raises QuantityInvalid.
    """
    for quantity in units.values():
        if not 1 <= quantity <= MAX_UNITS:
            raise QuantityInvalid(details={"quantity": quantity})
    place = Place.objects.order_by("-ships", "priority", "id").first()
    if place is None:
        return None
    ids = sorted(units)
    Stock.objects.bulk_create(
        [Stock(sku_id=sku_id, place=place) for sku_id in ids], ignore_conflicts=True, batch_size=500
    )
    rows = Stock.objects.select_for_update(no_key=True).filter(sku_id__in=ids, place=place).order_by("sku_id")
    locked = list(rows)
    done = set(
        StockEntry.objects.filter(stock__in=locked, business_key=_OPENING).values_list("stock_id", flat=True)
    )
    changes = [Change(row.pk, on_hand=units[row.sku_id]) for row in locked if row.pk not in done]
    if changes:
        cause = Cause(EntryKind.RECEIVE, _OPENING, "新建 SKU 时的库存", operator)
        booking.book(changes, cause=cause, at=at)
    return place


@transaction.atomic
def take_back(
    *,
    place_id: int,
    units: Mapping[int, int],
    damaged: Mapping[int, int],
    cause: str,
    operator: User | None,
    at: datetime,
) -> None:
    """Put units that buyers sent back on the shelf of the place that received them, ``{sku_id: units}``.

    Those of them that are ``damaged`` are written off at once, so that the ledger says both. ``cause`` (at most 70
    characters) names the return: booking it again changes nothing. Raises QuantityInvalid for none, or more damaged than
    came, NotFound for an unknown SKU or place.
    """
    if not units or any(not 1 <= some <= MAX_UNITS for some in units.values()):
        raise QuantityInvalid(details={"units": dict(units)})
    if any(not 0 <= some <= units.get(sku_id, 0) for sku_id, some in damaged.items()):
        raise QuantityInvalid("报损件数超过退回件数", details={"damaged": dict(damaged)})
    stocks = [_lock_stock(sku_id=sku_id, place_id=place_id) for sku_id in sorted(units)]
    key = f"{cause}:return"
    if StockEntry.objects.filter(stock__in=stocks, business_key=key).exists():
        return
    booking.book(
        [Change(stock.pk, on_hand=units[stock.sku_id]) for stock in stocks],
        cause=Cause(EntryKind.RETURN, key, "售后退货", operator),
        at=at,
    )
    if gone := [
        Change(stock.pk, on_hand=-damaged[stock.sku_id]) for stock in stocks if damaged.get(stock.sku_id)
    ]:
        written_off = Cause(EntryKind.WRITE_OFF, f"{cause}:damaged", "售后退货报损", operator)
        booking.book(gone, cause=written_off, at=at)


def adjust(
    *,
    sku_id: int,
    place_id: int,
    change: int,
    business_key: str,
    reason: str,
    operator: User | None,
    of_cards: bool = False,
    at: datetime,
) -> StockEntry:
    """Correct the shelf by ``change`` units, more or fewer, after stocktaking; ``business_key`` as above.

    A difference, not a new total: orders go on being paid between the count and this call. Raises BelowHeld
    where promised units would be missing, QuantityInvalid for 0 or beyond a million, StockOfCards and NotFound as above.
    """
    if change == 0 or abs(change) > MAX_UNITS:
        raise QuantityInvalid(f"调整数量不能为 0，也不能超过 {MAX_UNITS}", details={"change": change})
    return _correct(
        sku_id=sku_id,
        place_id=place_id,
        change=change,
        cause=Cause(EntryKind.ADJUST, business_key, reason, operator),
        of_cards=of_cards,
        at=at,
    )


@transaction.atomic
def _correct(
    *, sku_id: int, place_id: int, change: int, cause: Cause, of_cards: bool, at: datetime
) -> StockEntry:
    stock = _lock_stock(sku_id=sku_id, place_id=place_id, of_cards=of_cards)
    booked = StockEntry.objects.filter(stock=stock, business_key=cause.business_key)
    if entry := booked.first():
        return entry
    on_hand = stock.on_hand + change
    if on_hand < stock.held:
        raise BelowHeld(
            f"现货 {stock.on_hand}，其中 {stock.held} 已被订单占用，最多可减 {stock.on_hand - stock.held}",
            details={"on_hand": stock.on_hand, "held": stock.held},
        )
    if on_hand > MAX_ON_HAND:
        raise QuantityInvalid("现货数量过大，请检查后重新填写", details={"on_hand": stock.on_hand})
    booking.book([Change(stock.pk, on_hand=change)], cause=cause, at=at)
    return booked.get()


def _lock_stock(*, sku_id: int, place_id: int, of_cards: bool = False) -> Stock:
    """Lock the row of a SKU in a place; the first time, make it. Raises NotFound, StockOfCards."""
    virtual = Sku.objects.filter(pk=sku_id).values_list("virtual", flat=True).first()
    if virtual is None or not Place.objects.filter(pk=place_id).exists():
        raise NotFound("SKU 或仓库不存在", details={"sku_id": sku_id, "place_id": place_id})
    if virtual != of_cards:
        raise StockOfCards(details={"sku_id": sku_id})
    # Two first receipts at once: one inserts, the other waits for it and then finds the row.
    Stock.objects.bulk_create([Stock(sku_id=sku_id, place_id=place_id)], ignore_conflicts=True)
    return Stock.objects.select_for_update(no_key=True).get(sku_id=sku_id, place_id=place_id)
