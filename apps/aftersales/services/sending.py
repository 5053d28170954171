"""New goods for old: units that an exchange or a reship holds on the shelf, and the parcel that takes them away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.services import moving
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


def hold(row: AfterSale, *, at: datetime) -> None:
    """Hold what is to leave anew. Raises OutOfStock, with nothing held."""
    transactions.require()
    if row.kind in OF_PARCELS:
        inventory.hold(order_no=_held_by(row), demand=application_facts.units_of(row), at=at)


def hold_less(row: AfterSale, *, at: datetime) -> None:
    """Fewer units were accepted than were asked for: hold those, and let the others go. The lines say which."""
    transactions.require()
    inventory.release(order_no=row.after_sale_no, at=at)
    inventory.hold(order_no=_held_by(row), demand=application_facts.units_of(row), at=at)


def let_go(row: AfterSale, *, at: datetime) -> None:
    """Give back what is held; safe where nothing is, or nothing any more."""
    transactions.require()
    if row.kind in OF_PARCELS:
        inventory.release(order_no=_held_by(row), at=at)


def dispatch(
    *, after_sale_no: str, carrier_code: str, tracking_no: str, operator: Any, at: datetime
) -> AfterSale:
    """Send the new parcel: what was held leaves the shelf, and the application is done. It costs the shopper nothing.

    What the units cost the shop stays on the lines. Raises NotFound, NothingToSend, TrackingNumberInvalid, CarrierUnknown.
    """
    carrier, number = parcels.told(carrier_code=carrier_code, tracking_no=tracking_no)
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if not row.awaits_parcel:
            raise NothingToSend(details={"status": row.status})
        inventory.commit(order_no=_held_by(row), at=at)
        _note_cost(row)
        row.new_carrier, row.new_tracking_no, row.dispatched_at = carrier, number, at
        note = f"{carrier.name} {number}"
        columns = ["new_carrier", "new_tracking_no", "dispatched_at"]
        row.save(update_fields=columns)
        moving.note_step(row, move="dispatch", by=By.OPERATOR, operator=operator, note=note, at=at)
        moving.move(row, move="finish", by=By.OPERATOR, operator=operator, note="新包裹已寄出", at=at)
    return row


def _held_by(row: AfterSale) -> str:
    """Under which number units are held: another one where an inspection left fewer, for what was let go stays let go."""
    fewer = any(
        line.accepted is not None and line.accepted < line.quantity
        for line in AfterSaleLine.objects.filter(after_sale=row)
    )
    return f"{row.after_sale_no}/2" if fewer else row.after_sale_no


def _note_cost(row: AfterSale) -> None:
    lines = list(AfterSaleLine.objects.filter(after_sale=row).select_related("order_line"))
    costs = dict(
        Sku.objects.filter(pk__in=[line.new_sku_id or line.order_line.sku_id for line in lines]).values_list(
            "pk", "cost_fen"
        )
    )
    for line in lines:
        line.cost_fen = costs.get(line.new_sku_id or line.order_line.sku_id)
    AfterSaleLine.objects.bulk_update(lines, ["cost_fen"])
