"""Slots for tests: times of the week in a shop, and orders that have a seat in one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from apps.base.days import shop_day
from apps.checkout.delivering import Asked
from apps.members.models import Member
from apps.orders.models import Order
from apps.pickup.models import SlotTemplate
from apps.pickup.services import slotting
from apps.stores.models import Place
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.pickup import make

DAILY = [1, 2, 3, 4, 5, 6, 7]


def template(
    place: Place, *, begins: time = time(9), ends: time = time(11), capacity: int = 2, **columns: Any
) -> SlotTemplate:
    """A time of each day for the riders of a shop, taken until an hour before."""
    said = {"kind": "CITY", "weekdays": DAILY, "order_before_min": 60, **columns}
    return slotting.save(SlotTemplate(place=place, starts_at=begins, ends_at=ends, capacity=capacity, **said))


def slot_id(row: SlotTemplate, *, at: datetime = make.NOW, ahead: int = 1) -> str:
    """What a shop's list calls this time so many days later."""
    day: date = shop_day(at) + timedelta(days=ahead)
    return f"{row.pk}-{day:%Y%m%d}-{row.starts_at:%H%M}-{row.ends_at:%H%M}"


def neighbour(**columns: Any) -> tuple[Member, Any]:
    """A member who lives a kilometre to the north of the lake."""
    member = members.member(**columns)
    return member, members.address(member, latitude=make.LAT + 0.01, longitude=make.LNG)


def order(row: SlotTemplate, sku: Any, *, at: datetime = make.NOW, ahead: int = 1, **more: Any) -> Order:
    """An unpaid order of a new neighbour for this time."""
    member, home = neighbour()
    return make.order(
        member,
        sku,
        asked=Asked(row.kind, row.place_id),
        address=home,
        slot=slot_id(row, at=at, ahead=ahead),
        at=at,
        **more,
    )


def paid(row: SlotTemplate, sku: Any, *, at: datetime = make.NOW, **more: Any) -> Order:
    """The same, paid."""
    placed = order(row, sku, at=at, **more)
    counter.pay(placed, at=at)
    return Order.objects.get(pk=placed.pk)
