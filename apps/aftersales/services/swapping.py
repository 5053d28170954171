"""Other goods for those that are late: which may be offered, and what taking them means for stock and the order's line.

An exchange before anything left: nothing comes back, nothing is paid, and the goods leave with the order's own parcel. Why
the line then names them: docs/adr/0052.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning
from apps.aftersales.planning import Standing
from apps.base import transactions
from apps.catalog import articles
from apps.catalog.models import Returns, Sku
from apps.checkout import placing
from apps.deadlines.models import Delay
from apps.deadlines.services import delaying
from apps.deadlines.services.delaying import Offered
from apps.deadlines.states import DelayReason
from apps.fulfillment.services import waybills
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.orders import services as orders
from apps.orders import swapping as order_lines
from apps.orders.models import Order, OrderLine
from apps.pickup.services import seats
from mall.errors import Fault, Faulty, Kind, ShopError
from mall.money import priced

# As many as a shopper looks through on a telephone.
MOST_OFFERS: Final = 10


class OffersRefused(Faulty):
    """Goods that cannot take the place of a line's; every fault is named, under ``swap_<line id>``."""

    code = "delay_offers_invalid"
    message = "可换商品有误"


class SwapGone(ShopError):
    """A unit of the line left or was refunded, or the goods are not sold any more. ``details``: ``line_id``."""

    code = "delay_swap_gone"
    message = "该商品已无法换货，请选择等待或退款"
    kind = Kind.CONFLICT


class SwapAskedBack(ShopError):
    """An application after the sale is open on the line. ``details``: ``line_id``, ``after_sale_no``."""

    code = "delay_swap_after_sale"
    message = "该商品有处理中的售后申请，处理后才能换货"
    kind = Kind.CONFLICT


def put_off(
    *,
    order_no: str,
    reason: DelayReason,
    note: str,
    ships_on: date,
    offers: Collection[tuple[int, int]] = (),
    operator: Any,
    at: datetime,
) -> Delay:
    """Ask the buyer of an order that cannot leave as promised, and offer other goods: (line id, SKU id), several a line.

    A slot that it agreed on is given up at once: somebody else may have the seat, and nobody is told of the old time.
    Raises OffersRefused, and what ``delaying.ask`` refuses; then nothing is changed.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        asked = delaying.ask(
            order_no=order_no,
            reason=reason,
            note=note,
            ships_on=ships_on,
            offers=_judged(order, offers) if offers else (),
            operator=operator,
            at=at,
        )
        if order.slot is not None:
            seats.give_back(order=order, at=at)
            orders.give_up_slot(order=order)
        return asked


def swappable(standing: Standing) -> list[OrderLine]:
    """The lines for which other goods may be offered: bought, whole, nothing of them left or refunded, of no activity.

    Gifts and packing are no goods that were bought.
    """
    order = standing.order
    if order.activity is not None or order.virtual or order.awaits_goods or order.delivery is not None:
        return []
    goods = (line for line in standing.lines if not (line.is_gift or line.is_packing))
    return [line for line in goods if _is_whole(standing, line)]


def carry_out(*, order: Order, row: Delay, swaps: Mapping[int, int], at: datetime) -> None:
    """Give the order the goods that its buyer took, in the answer's transaction; the caller has locked the order.

    The old units are free again, the new ones are the order's, all or none. Raises SwapAskedBack, SwapGone, OutOfStock,
    WaybillPending; then the offers stay.
    """
    transactions.require()
    if waybills.pending(order):
        raise waybills.WaybillPending
    standing = planning.standing_of(order)
    lines = {line.pk: line for line in swappable(standing)}
    skus = _sold(swaps.values())
    for line_id, sku_id in swaps.items():
        if line_id not in lines or sku_id not in skus:
            raise SwapGone(details={"line_id": line_id})
        if number := application_facts.open_of_line(line_id):
            raise SwapAskedBack(
                f"买家已申请售后（{number}），处理后才能换货",
                details={"line_id": line_id, "after_sale_no": number},
            )
    cause = f"delay:{row.pk}"
    inventory.swap(
        order_no=order.order_no,
        back={lines[line_id].sku_id: lines[line_id].quantity for line_id in swaps},
        out={sku_id: lines[line_id].quantity for line_id, sku_id in swaps.items()},
        cause=cause,
        at=at,
    )
    for line_id, sku_id in sorted(swaps.items()):
        sku = skus[sku_id]
        order_lines.swap_line(
            line=lines[line_id],
            status=order.status,
            sku_id=sku_id,
            title=sku.product.title,
            goods=_remembered(lines[line_id], sku),
            cause=cause,
            at=at,
        )


def _is_whole(standing: Standing, line: OrderLine) -> bool:
    return not line.refunded and standing.to_send.get(line.pk, 0) == line.quantity


def _sold(sku_ids: Collection[int]) -> dict[int, Sku]:
    """Those of these SKUs that are sold, and travel in parcels; packing is only sold around something."""
    rows = Sku.objects.filter(
        pk__in=sku_ids, enabled=True, product__on_sale=True, product__packing=False, virtual=False
    )
    return {sku.pk: sku for sku in rows.select_related("product")}


def _judged(order: Order, offers: Collection[tuple[int, int]]) -> list[Offered]:
    """The goods as they are offered. Raises OffersRefused."""
    lines = {line.pk: line for line in swappable(planning.standing_of(order))}
    skus = _sold([sku_id for _, sku_id in offers])
    free = stock_facts.available(skus)
    bought = set(order.lines.values_list("sku_id", flat=True))
    faults: list[Fault] = []
    if len(offers) > MOST_OFFERS:
        faults.append(Fault("", f"最多提供 {MOST_OFFERS} 种可换商品"))
    if len({sku_id for _, sku_id in offers}) != len(offers):
        faults.append(Fault("", "同一规格只能提供给一件商品"))
    judged: list[Offered] = []
    for line_id, sku_id in offers:
        line, sku = lines.get(line_id), skus.get(sku_id)
        if line is None:
            faults.append(
                Fault(
                    f"swap_{line_id}",
                    "只能为尚未发出、未退款的普通订单商品提供换货（赠品、包装、活动订单除外）",
                )
            )
        elif sku is None or sku_id in bought:
            faults.append(Fault(f"swap_{line_id}", "可换的须是在售、可发货、且不在本订单中的其他规格"))
        elif why := _why_not(line, sku, free=free[sku_id]):
            faults.append(Fault(f"swap_{line_id}", f"{sku.code}：{why}"))
        else:
            title, option_text = sku.product.title, articles.option_text(sku)[:120]
            judged.append(Offered(line=line, sku_id=sku_id, title=title, option_text=option_text))
    if faults:
        raise OffersRefused(faults)
    return judged


def _why_not(line: OrderLine, sku: Sku, *, free: int) -> str:
    """Why a SKU may not take a line's place, empty where it may: the buyer is never worse off."""
    if free < line.quantity:
        return f"现货 {free} 件，不足 {line.quantity} 件"
    if sku.price_fen < line.unit_price_fen:
        return f"售价 {priced(sku.price_fen)} 低于原单价 {priced(line.unit_price_fen)}"
    if line.sku.product_id != sku.product_id and not _goes_back_alike(line, sku):
        return "七天无理由退货的条件比原商品差"
    return ""


def _goes_back_alike(line: OrderLine, sku: Sku) -> bool:
    """Whether a SKU's own terms of going back are no harder than those that the line's buyer was shown.

    Nobody has confirmed an exception of other goods yet, so one that has to be binds the buyer less than before.
    """
    return sku.product.returns in (Returns.SEVEN_DAYS, line.returns)


def _remembered(line: OrderLine, sku: Sku) -> orders.Goods:
    """What the line then remembers. Its buyer's terms of going back stay where they are better, or of the same product.

    What was confirmed with the purchase stands; what the product's page says by now does not take anything back.
    """
    goods = placing.remembered(articles.of([sku.pk])[sku.pk], confirms_no_return=False)
    is_same = line.sku.product_id == sku.product_id
    if sku.product.returns == Returns.SEVEN_DAYS or (not is_same and _goes_back_alike(line, sku)):
        return goods
    return replace(
        goods,
        returns=line.returns,
        returns_text=line.returns_text,
        returns_confirmed=line.returns_confirmed,
    )
