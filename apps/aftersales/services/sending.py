"""New goods for old: units that an exchange or a reship holds on the shelf, and the parcel that takes them away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.services import bounds, moving
from apps.aftersales.states import OF_PARCELS, By
from apps.base import transactions
from apps.catalog.models import Sku
from apps.fulfillment.services import parcels
from apps.inventory import services as inventory
from mall.errors import Kind, ShopError


class NothingToSend(ShopError):
    """No parcel is awaited of the shop (any more). ``details``: ``status``."""

    code = "after_sale_nothing_to_send"
    message = "当前状态下无需寄出新包裹"
    kind = Kind.CONFLICT


class NothingSent(ShopError):
    """No parcel has left whose number could be put right. ``details``: ``status``."""

    code = "after_sale_nothing_sent"
    message = "新包裹还没有寄出，没有单号可以修改"
    kind = Kind.CONFLICT


def hold(row: AfterSale, *, at: datetime) -> None:
    """Hold what is to leave anew. Raises OutOfStock, with nothing held."""
    transactions.require()
    if row.kind in OF_PARCELS:
        inventory.hold(order_no=held_by(row), demand=application_facts.units_of(row), at=at)


def hold_less(row: AfterSale, *, before: str, at: datetime) -> None:
    """Fewer units leave than were held ``before`` (``held_by``): hold those, and let the others go. The lines say which."""
    transactions.require()
    if held_by(row) != before:
        inventory.release(order_no=before, at=at)
        inventory.hold(order_no=held_by(row), demand=application_facts.units_of(row), at=at)


def let_go(row: AfterSale, *, held: str = "", at: datetime) -> None:
    """Give back what is held, under the number ``held`` where the lines say another by now; safe where nothing is."""
    transactions.require()
    if row.kind in OF_PARCELS:
        inventory.release(order_no=held or held_by(row), at=at)


def dispatch(
    *, after_sale_no: str, carrier_code: str, tracking_no: str, operator: Any, at: datetime
) -> AfterSale:
    """Send the new parcel: what was held leaves the shelf, and the application is done. It costs the shopper nothing.

    What the units cost the shop stays on the lines. Raises NotFound, NothingToSend, TrackingNumberInvalid, CarrierUnknown,
    NumberOfAnother, UnitsGone.
    """
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if not row.awaits_parcel:
            raise NothingToSend(details={"status": row.status})
        bounds.require_left(row)
        carrier, number = parcels.labelled(row.order, carrier_code=carrier_code, tracking_no=tracking_no)
        inventory.commit(order_no=held_by(row), at=at)
        _note_cost(row)
        row.new_carrier, row.new_tracking_no, row.dispatched_at = carrier, number, at
        note = f"{carrier.name} {number}"
        columns = ["new_carrier", "new_tracking_no", "dispatched_at"]
        row.save(update_fields=columns)
        moving.note_step(row, move="dispatch", by=By.OPERATOR, operator=operator, note=note, at=at)
        moving.move(row, move="finish", by=By.OPERATOR, operator=operator, note="新包裹已寄出", at=at)
    return row


def renumber(
    *, after_sale_no: str, carrier_code: str, tracking_no: str, operator: Any, at: datetime
) -> AfterSale:
    """Put the carrier and number of the new parcel right, which its shopper reads at once; the same again changes nothing.

    Raises NotFound, NothingSent, TrackingNumberInvalid, CarrierUnknown, NumberOfAnother.
    """
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if row.dispatched_at is None:
            raise NothingSent(details={"status": row.status})
        carrier, number = parcels.labelled(row.order, carrier_code=carrier_code, tracking_no=tracking_no)
        if (row.new_carrier_id, row.new_tracking_no) != (carrier.pk, number):
            row.new_carrier, row.new_tracking_no = carrier, number
            row.save(update_fields=["new_carrier", "new_tracking_no"])
            note = f"单号更正为 {carrier.name} {number}"
            moving.note_step(row, move="dispatch", by=By.OPERATOR, operator=operator, note=note, at=at)
    return row


def held_by(row: AfterSale) -> str:
    """Under which number units are held: another one each time fewer are left, for what was let go stays let go."""
    lines = list(AfterSaleLine.objects.filter(after_sale=row))
    taken = sum(line.quantity - line.units for line in lines)
    if not taken:
        return row.after_sale_no
    return f"{row.after_sale_no}/{2 + taken if any(line.gone for line in lines) else 2}"


def _note_cost(row: AfterSale) -> None:
    lines = list(AfterSaleLine.objects.filter(after_sale=row).select_related("order_line"))
    had = application_facts.had_of([line.order_line for line in lines], before=row.pk)
    sent = {line.pk: line.new_sku_id or had[line.order_line_id][0] for line in lines}
    costs = dict(Sku.objects.filter(pk__in=set(sent.values())).values_list("pk", "cost_fen"))
    for line in lines:
        line.cost_fen = costs.get(sent[line.pk])
    AfterSaleLine.objects.bulk_update(lines, ["cost_fen"])
