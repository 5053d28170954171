"""Takes in tracking numbers from a file: all its parcels leave or none does, and nothing leaves twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base.filled_sheets import Sheet, UnfitRow
from apps.fulfillment import labels
from apps.fulfillment.carriers_named import Named
from apps.fulfillment.models import Carrier, Parcel
from apps.fulfillment.number_files import Row
from apps.fulfillment.services import parcels
from apps.orders import reach
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from mall.errors import Fault, Faulty

_MOST_FAULTS: Final = 50


@dataclass(slots=True)
class Leaving:
    """A parcel that a file sends: ``quantities`` by order line, None for all that is left; the rows that say so."""

    order_no: str
    carrier_code: str
    tracking_no: str
    quantities: dict[int, int] | None
    rows: list[int]


@dataclass(slots=True)
class Plan:
    """What a file would do: the parcels that leave, the rows of parcels that have left already, and what is wrong."""

    leaving: list[Leaving] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    faults: list[UnfitRow] = field(default_factory=list)
    # A short word for all of it, and for where the orders go and which goods their lines name.
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: so many parcels left, so many rows had done so before."""

    sent: int
    known: int


def preview(sheet: Sheet[Row], *, operator: Any = None) -> Plan:
    """Return what a file would do now; orders out of the operator's reach are not there.

    Raises Faulty with a sentence for each row that is wrong, as it is written or by its order, in the order of the file.
    """
    return _sound(_plan(sheet, _orders(sheet.rows, operator=operator)))


def carry_out(*, sheet: Sheet[Row], seen: str = "", operator: Any, at: datetime) -> Imported:
    """Send every parcel of the rows; what has left already under that number is passed over.

    ``seen`` is the plan's that was looked at before, empty where nobody looked: a plan that is another one by now, or
    whose orders go elsewhere or name other goods, is refused. One whose parcels have all left since changes nothing.

    The orders are locked together, so that two who import the same file at once send each parcel once. Raises Faulty,
    OrderChanged, and whatever ``parcels.ship`` refuses; then nothing has left.
    """
    with transaction.atomic():
        locked = orders.lock_many(order_nos={row.order_no for row in sheet.rows})
        plan = _sound(_plan(sheet, _reached(locked, operator=operator)))
        if seen and plan.leaving and seen != plan.seen:
            raise parcels.OrderChanged
        for one in plan.leaving:
            parcels.ship(
                order_no=one.order_no,
                carrier_code=one.carrier_code,
                tracking_no=one.tracking_no,
                quantities=one.quantities,
                operator=operator,
                at=at,
            )
    return Imported(sent=len(plan.leaving), known=len(plan.known))


def _sound(plan: Plan) -> Plan:
    """The plan, if nothing is wrong. Raises Faulty, the first rows first."""
    if plan.faults:
        faults = sorted(dict.fromkeys(plan.faults), key=lambda fault: fault.number)
        told = [Fault("", fault.sentence) for fault in faults[:_MOST_FAULTS]]
        more = len(faults) - len(told)
        raise Faulty([*told, *([Fault("", f"另有 {more} 处错误未列出")] if more else [])])
    return plan


def _orders(rows: Iterable[Row], *, operator: Any) -> dict[str, Order]:
    found = Order.objects.filter(order_no__in={row.order_no for row in rows})
    return _reached(found, operator=operator)


def _reached(found: Iterable[Order], *, operator: Any) -> dict[str, Order]:
    """Those of the orders that the operator may act on, by number; the others are to them as if they were not there."""
    return {order.order_no: order for order in found if reach.may_reach(order, operator=operator)}


def _plan(sheet: Sheet[Row], found: Mapping[str, Order]) -> Plan:
    """Judge every row by itself, then the parcels that they make together; beside those that cannot be read."""
    plan = Plan(faults=list(sheet.unfit))
    named = Named(Carrier.objects.all())
    sent = _sent(found.values())
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in sheet.rows:
        code = named.code_of(row.carrier)
        fault = _fault(row, code, found.get(row.order_no))
        key = (row.order_no, code or "", row.tracking_no)
        if fault:
            plan.faults.append(UnfitRow(row.number, fault))
        elif key in sent:
            plan.known.append(row.number)
        else:
            grouped[key].append(row)
    by_order: dict[str, list[Leaving]] = defaultdict(list)
    lines = _lines(found.values())
    for (order_no, code, number), together in grouped.items():
        by_order[order_no].append(_leaving(order_no, code, number, together, lines[order_no], plan))
    for order_no, leaving in by_order.items():
        _fit_together(found[order_no], leaving, plan)
        plan.leaving += leaving
    _same_receivers(plan, found)
    plan.seen = _fingerprint(plan, found, lines)
    return plan


def _fingerprint(plan: Plan, found: Mapping[str, Order], lines: Mapping[str, Sequence[OrderLine]]) -> str:
    """What was shown, and what it rests on: units that are left, goods that lines name, and where the order goes."""
    shown = [
        (
            *(one.order_no, one.carrier_code, one.tracking_no, sorted((one.quantities or {}).items())),
            [(line.pk, line.sku_id, line.left) for line in lines[one.order_no]],  # type: ignore[attr-defined]
            sorted(found[one.order_no].address.items()),
        )
        for one in plan.leaving
    ]
    return hashlib.sha256(repr((shown, sorted(plan.known))).encode()).hexdigest()[:32]


def _fault(row: Row, code: str | None, order: Order | None) -> str:
    """What is wrong with a row by itself; empty for nothing. What has left already is judged by its own parcel."""
    if order is None:
        return f"订单「{row.order_no[:32]}」不存在"
    if code is None:
        return f"快递公司「{row.carrier[:20]}」不在列表中，或可能指多家，请按「快递公司」列表中的名称填写"
    if not parcels.is_tracking_no(row.tracking_no):
        return f"{parcels.TrackingNumberInvalid.message}，现为「{row.tracking_no[:40]}」"
    return ""


def _leaving(
    order_no: str, code: str, number: str, together: list[Row], lines: Sequence[OrderLine], plan: Plan
) -> Leaving:
    """The parcel that rows of the same order, carrier and number make; rows without goods stand for all that is left."""
    one = Leaving(order_no, code, number, None, [row.number for row in together])
    if not any(row.sku_code for row in together):
        return one
    one.quantities = {}
    for row in together:
        of_sku = [line for line in lines if row.sku_code and line.sku.code == row.sku_code]
        if not row.sku_code or not of_sku:
            said = (
                f"订单中没有商品编码「{row.sku_code[:40]}」"
                if row.sku_code
                else "同一包裹的各行都应填写商品编码"
            )
            plan.faults.append(UnfitRow(row.number, said))
            continue
        _take(one.quantities, of_sku, row, plan)
    return one


def _take(quantities: dict[int, int], lines: list[OrderLine], row: Row, plan: Plan) -> None:
    """Put a row's units into a parcel: from the line that was bought first, then from the gift of the same SKU."""
    left = {line.pk: line.left - quantities.get(line.pk, 0) for line in lines}  # type: ignore[attr-defined]
    wanted = sum(left.values()) if row.quantity is None else row.quantity
    if not 1 <= wanted <= sum(left.values()):
        plan.faults.append(UnfitRow(row.number, f"「{row.sku_code}」未发货的只有 {sum(left.values())} 件"))
        return
    for line, units in left.items():
        taken = min(wanted, units)
        if taken:
            quantities[line] = quantities.get(line, 0) + taken
            wanted -= taken


def _fit_together(order: Order, leaving: list[Leaving], plan: Plan) -> None:
    """Whether the order can be sent, and its parcels hold no more together than is left of it."""
    first = min(row for one in leaving for row in one.rows)
    if order.status != Status.PAID:
        plan.faults.append(
            UnfitRow(first, f"订单 {order.order_no} 为「{order.get_status_display()}」，不能发货")
        )
    elif refusal := parcels.why_not(order):
        plan.faults.append(UnfitRow(first, f"订单 {order.order_no}：{refusal.message}"))
    elif len(leaving) > 1 and any(one.quantities is None for one in leaving):
        plan.faults.append(UnfitRow(first, f"订单 {order.order_no} 有多个包裹，请在每行填写商品编码和数量"))
    elif any(one.quantities for one in leaving):
        left = parcels.units_left(order)
        for one in leaving:
            for line, units in (one.quantities or {}).items():
                left[line] = left.get(line, 0) - units
                if left[line] < 0:
                    plan.faults.append(
                        UnfitRow(one.rows[0], f"订单 {order.order_no} 的发货数量超出未发货数量")
                    )
                    return


def _same_receivers(plan: Plan, found: Mapping[str, Order]) -> None:
    """One number for several receivers is a slip of the hand: a column that was dragged down, a row that moved."""
    by_number: dict[tuple[str, str], list[Leaving]] = defaultdict(list)
    for one in plan.leaving:
        by_number[one.carrier_code, one.tracking_no].append(one)
    taken = labels.borne({number for _, number in by_number}, but=[order.pk for order in found.values()])
    for key, leaving in by_number.items():
        first = leaving[0]
        mine = parcels.receiver_of(found[first.order_no].address)
        for other in leaving[1:]:
            if parcels.receiver_of(found[other.order_no].address) != mine:
                plan.faults.append(
                    UnfitRow(
                        other.rows[0],
                        f"快递单号 {other.tracking_no} 与第 {first.rows[0]} 行相同，但收货人不同",
                    )
                )
        others = [one for one in taken.get(key, ()) if parcels.receiver_of(one.address) != mine]
        if others:
            told = f"快递单号 {first.tracking_no} 已用于另一收货人的订单 {others[0].order_no}"
            plan.faults.append(UnfitRow(first.rows[0], told))


def _sent(found: Iterable[Order]) -> set[tuple[str, str, str]]:
    """The parcels that these orders have: order, carrier, number."""
    known = Parcel.objects.filter(order__in=[order.pk for order in found])
    return set(known.values_list("order__order_no", "carrier__code", "tracking_no"))


def _lines(found: Iterable[Order]) -> dict[str, list[OrderLine]]:
    """The lines of these orders with their SKUs and the units that are ``left``, by order number."""
    by_order: dict[str, list[OrderLine]] = defaultdict(list)
    rows = OrderLine.objects.filter(order__in=[order.pk for order in found]).select_related("sku", "order")
    left = parcels.units_left_of([order.pk for order in found])
    for line in rows.order_by("id"):
        line.left = left.get(line.pk, 0)  # type: ignore[attr-defined]
        by_order[line.order.order_no].append(line)
    return by_order
