"""Seats in slots: taken by one guarded statement, given back by one. An order has one at most, and none is sold twice."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from apps.base import transactions
from apps.orders.models import Order
from apps.pickup import slots
from apps.pickup.models import SlotSeat
from apps.pickup.slots import SlotFull

# Of many at once each waits for the row of the day, and reads what the one before it left there: the condition is judged
# by the row as it is under the lock. A row that is not there yet is written by one of them, and counted by the others.
_TAKE: Final = """
    WITH counted AS (
        INSERT INTO pickup_slotday AS slot_day (template_id, day, taken)
        SELECT template.id, %(day)s, 1
          FROM pickup_slottemplate AS template
         WHERE template.id = %(template_id)s AND template.active
           AND template.starts_at = %(begins)s AND template.ends_at = %(ends)s
           AND NOT EXISTS (SELECT FROM pickup_slotclosing AS closing
                            WHERE closing.day = %(day)s
                              AND (closing.place_id IS NULL OR closing.place_id = template.place_id))
           AND NOT EXISTS (SELECT FROM pickup_slotseat WHERE order_id = %(order_id)s)
            ON CONFLICT (template_id, day) DO UPDATE SET taken = slot_day.taken + 1
         WHERE slot_day.taken < (SELECT capacity FROM pickup_slottemplate WHERE id = slot_day.template_id)
        RETURNING slot_day.id
    )
    INSERT INTO pickup_slotseat (order_id, slot_day_id, place_id, kind, starts_at, ends_at, taken_at)
    SELECT %(order_id)s, counted.id, %(place_id)s, %(kind)s, %(starts_at)s, %(ends_at)s, %(at)s FROM counted
"""
_GIVE_BACK: Final = """
    WITH freed AS (
        UPDATE pickup_slotseat SET released_at = %(at)s
         WHERE order_id = %(order_id)s AND released_at IS NULL
        RETURNING slot_day_id
    )
    UPDATE pickup_slotday AS slot_day SET taken = slot_day.taken - 1
      FROM freed WHERE slot_day.id = freed.slot_day_id
"""


def take(*, order: Order, at: datetime) -> None:
    """Take the seat that the order agreed on; nothing for one that has it.

    Raises SlotFull where none is left, or the slot was given up meanwhile.

    The caller's transaction holds it, or rolls all of it back.
    """
    transactions.require()
    agreed = order.slot
    if agreed is None or order.delivery is None:
        return
    named = slots.read(agreed["id"])
    said = {
        "template_id": named.template_id,
        "day": named.day,
        "begins": named.begins,
        "ends": named.ends,
        "order_id": order.pk,
        "place_id": order.delivery["place_id"],
        "kind": order.delivery["kind"],
        "starts_at": datetime.fromisoformat(agreed["starts_at"]),
        "ends_at": datetime.fromisoformat(agreed["ends_at"]),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, said)
        taken = cursor.rowcount
    if not taken and not SlotSeat.objects.filter(order=order).exists():
        raise SlotFull(details={"slot": agreed["id"]})


def give_back(*, order: Order, at: datetime) -> None:
    """Give the order's seat back, if it has one still; the caller has locked the order."""
    transactions.require()
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {"order_id": order.pk, "at": at})
