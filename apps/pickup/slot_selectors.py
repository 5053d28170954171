"""Reading slots: what a shop offers on the next days, one of them by its id, and who has a seat without an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.base.days import shop_day
from apps.orders.models import Order
from apps.orders.states import Status
from apps.pickup import slots
from apps.pickup.models import SlotClosing, SlotDay, SlotSeat, SlotTemplate
from apps.pickup.slots import Slot, SlotNotOffered
from apps.pickup.states import SlotKind
from apps.stores.models import Place
from mall.errors import NotFound

# A shop offers a way, or it does not: then its slots of that way are none.
_OFFERS = Q(kind=SlotKind.CITY, place__delivers=True) | Q(kind=SlotKind.PICKUP, place__picks_up=True)


def coming(*, place_id: int, kind: str | None, at: datetime) -> list[Slot]:
    """What a shop offers today and on the next days, in the order of time; full and passed ones are marked.

    Days off have none. Raises NotFound for what is no shop that serves shoppers. Four statements.
    """
    place = Place.objects.filter(pk=place_id, kind=Place.Kind.SHOP)
    if not place.filter(Q(picks_up=True) | Q(delivers=True)).exists():
        raise NotFound
    templates = SlotTemplate.objects.filter(_OFFERS, place_id=place_id, active=True).order_by(
        "starts_at", "id"
    )
    if kind is not None:
        templates = templates.filter(kind=kind)
    today = shop_day(at)
    last = today + timedelta(days=slots.DAYS_AHEAD - 1)
    closings = SlotClosing.objects.filter(_shuts(place_id), day__range=(today, last))
    closed = set(closings.values_list("day", flat=True))
    rows = list(templates)
    counted = SlotDay.objects.filter(template__in=rows, day__range=(today, last))
    taken = {(row.template_id, row.day): row.taken for row in counted}
    days = [today + timedelta(days=ahead) for ahead in range(slots.DAYS_AHEAD)]
    found = [
        _slot(row, day, taken=taken.get((row.pk, day), 0), at=at)
        for day in days
        if day not in closed
        for row in rows
        if day.isoweekday() in row.weekdays
    ]
    return sorted(found, key=lambda slot: (slot.day, slot.begins, slot.template_id))


def slot_of(slot_id: str, *, kind: str, place_id: int | None, at: datetime) -> Slot:
    """The slot of this id as it stands, of this way, and of this shop where one is named. One statement.

    Raises SlotInvalid for what is no id, SlotNotOffered.
    """
    named = slots.read(slot_id)
    refused = SlotNotOffered(details={"slot": slot_id})
    ahead = (named.day - shop_day(at)).days
    if not -slots.DAYS_AHEAD < ahead < slots.DAYS_AHEAD:
        raise refused
    row = (
        SlotTemplate.objects.filter(_OFFERS, pk=named.template_id, kind=kind, active=True)
        .filter(starts_at=named.begins, ends_at=named.ends)
        .annotate(
            taken=Subquery(
                SlotDay.objects.filter(template=OuterRef("pk"), day=named.day).values("taken")[:1]
            ),
            shut=Exists(SlotClosing.objects.filter(_shuts(OuterRef("place_id")), day=named.day)),
        )
        .first()
    )
    wrong = row is None or row.shut or named.day.isoweekday() not in row.weekdays
    if row is None or wrong or (place_id is not None and row.place_id != place_id):
        raise refused
    return _slot(row, named.day, taken=row.taken or 0, at=at)


def misseated() -> Iterator[str]:
    """Slots that count other seats than are taken, and orders whose seat is not where they stand."""
    counted = SlotDay.objects.annotate(held=Count("seats", filter=Q(seats__released_at=None)))
    for row in counted.exclude(taken=F("held")).select_related("template__place").order_by("id").iterator():
        yield f"{row} says {row.taken} taken, {row.held} orders have a seat"
    with_slot = Order.objects.filter(delivery__slot__id__isnull=False)
    for order_no in _numbers(with_slot.filter(seat=None)):
        yield f"{order_no} agreed on a slot and has no seat"
    undone = Q(status=Status.CLOSED) | Q(status=Status.REFUNDED, shipped_at=None)
    for order_no in _numbers(with_slot.filter(undone, seat__released_at=None, seat__isnull=False)):
        yield f"{order_no} is over and keeps its seat"
    kept = ~Q(status__in=[Status.CLOSED, Status.REFUNDED])
    for order_no in _numbers(with_slot.filter(kept, seat__released_at__isnull=False)):
        yield f"{order_no} is open and gave its seat back"


def upcoming(rows: QuerySet[SlotSeat], *, at: datetime) -> QuerySet[SlotSeat]:
    """Those of these seats whose order is still to be brought or fetched, and whose day is not over."""
    waiting = (Status.PAID, Status.SHIPPED, Status.GATHERING)
    return rows.filter(released_at=None, order__status__in=waiting, ends_at__gte=at - timedelta(days=1))


def on_day(rows: QuerySet[SlotSeat], day: date) -> QuerySet[SlotSeat]:
    """Those of these seats of one Shanghai day."""
    return rows.filter(slot_day__day=day)


def _shuts(place_id: object) -> Q:
    return Q(place=None) | Q(place_id=place_id)


def _numbers(orders: QuerySet[Order]) -> Iterator[str]:
    return orders.order_by("id").values_list("order_no", flat=True).iterator()


def _slot(row: SlotTemplate, day: date, *, taken: int, at: datetime) -> Slot:
    left = max(0, row.capacity - taken)
    order_by = slots.closes_at(day, row.starts_at, order_before_min=row.order_before_min)
    return Slot(
        template_id=row.pk,
        place_id=row.place_id,
        kind=row.kind,
        day=day,
        begins=row.starts_at,
        ends=row.ends_at,
        order_before_min=row.order_before_min,
        left=left,
        state=slots.state_of(left=left, order_by=order_by, at=at),
    )
