"""Whom a trigger means: the members whose day it is, or who left something in the cart, each with the occasion."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Exists, F, OuterRef, Q

from apps.base import days
from apps.carts.models import CartItem
from apps.catalog.models import Category
from apps.journeys.steps import OnAnniversary, OnBirthday, OnCart, OnDormant, OnRepurchase
from apps.members.models import Member
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status

_STREAM: Final = 2_000
# Longer than that ago nobody thinks of what lies in the cart.
_OLDEST_CART: Final = timedelta(days=3)


class Met(NamedTuple):
    """A member who meets a trigger, on what occasion, because of what."""

    member_id: int
    occasion: str
    subject: str


def begins(trigger: Any, day: date) -> datetime:
    """When members whose day it is are met."""
    clock = time.fromisoformat(trigger.clock)
    return days.day_window(day)[0] + timedelta(hours=clock.hour, minutes=clock.minute)


def of_day(trigger: Any, day: date) -> Iterator[Met]:
    """The members whose Shanghai day this is by a trigger of days, streamed."""
    return _BY_DAY[type(trigger)](trigger, day)


def of_cart(trigger: OnCart, *, since: datetime, at: datetime) -> Iterator[Met]:
    """Members whose newest thing in the cart came so many hours ago, after ``since`` was, and who ordered nothing since."""
    left = at - timedelta(hours=trigger.hours or 1)
    after = max(left - _OLDEST_CART, since - timedelta(hours=trigger.hours or 1))
    mine = CartItem.objects.filter(member_id=OuterRef("member_id"), added_at__gt=OuterRef("added_at"))
    ordered = Order.objects.filter(member_id=OuterRef("member_id"), created_at__gte=OuterRef("added_at"))
    newest = (
        CartItem.objects.filter(added_at__gt=after, added_at__lte=left)
        .filter(~Exists(mine), ~Exists(ordered))
        .order_by("member_id")
        .values_list("member_id", "added_at")
        .distinct()
    )
    for member_id, added_at in newest.iterator(_STREAM):
        yield Met(member_id, f"cart:{added_at:%Y%m%d%H%M%S}", "")


def _birthday(trigger: OnBirthday, day: date) -> Iterator[Met]:
    of = day + timedelta(days=trigger.days or 0)
    born = _of_the_year("birthday", of)
    rows = Member.objects.filter(born, disabled_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    for member_id in rows.iterator(_STREAM):
        yield Met(member_id, f"birthday:{of.year}", "")


def _anniversary(trigger: OnAnniversary, day: date) -> Iterator[Met]:
    found = Q(pk__in=[])
    for year in range(2000, day.year):
        dates = [day.replace(year=year)] if (day.month, day.day) != (2, 29) or calendar.isleap(year) else []
        if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year) and calendar.isleap(year):
            dates.append(date(year, 2, 29))
        for one in dates:
            start, end = days.day_window(one)
            found |= Q(registered_at__gte=start, registered_at__lt=end)
    rows = Member.objects.filter(found, disabled_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    for member_id in rows.iterator(_STREAM):
        yield Met(member_id, f"anniversary:{day.year}", "")


def _dormant(trigger: OnDormant, day: date) -> Iterator[Met]:
    """Whose last payment was on the day so many days before, nothing given back whole."""
    start, end = days.day_window(day - timedelta(days=trigger.days or 1))
    paid = Order.objects.filter(paid_at__gte=start, paid_at__lt=end).exclude(status=Status.REFUNDED)
    later = Order.objects.filter(member_id=OuterRef("member_id"), paid_at__gte=end)
    rows = paid.filter(~Exists(later)).order_by("member_id").values_list("member_id", flat=True).distinct()
    for member_id in rows.iterator(_STREAM):
        yield Met(member_id, f"dormant:{trigger.days}:{start:%Y%m%d}", "")


def _repurchase(trigger: OnRepurchase, day: date) -> Iterator[Met]:
    """Who bought, and kept, something of a cycle on the day so many days before, and nothing of it since."""
    for cycle in trigger.cycles:
        start, end = days.day_window(day - timedelta(days=cycle["days"]))
        of = _of_cycle(cycle)
        bought = OrderLine.objects.filter(
            of,
            order__paid_at__gte=start,
            order__paid_at__lt=end,
            is_gift=False,
            quantity__gt=F("refunded"),
        ).exclude(order__status=Status.REFUNDED)
        again = OrderLine.objects.filter(
            of, order__member_id=OuterRef("order__member_id"), order__paid_at__gte=end, is_gift=False
        )
        rows = bought.filter(~Exists(again)).order_by("order__member_id")
        key = f"p{cycle['product']}" if "product" in cycle else f"c{cycle['category']}"
        for member_id in rows.values_list("order__member_id", flat=True).distinct().iterator(_STREAM):
            yield Met(member_id, f"repurchase:{key}:{start:%Y%m%d}", key)


def _of_cycle(cycle: Mapping[str, int]) -> Q:
    if "product" in cycle:
        return Q(sku__product_id=cycle["product"])
    path = Category.objects.filter(pk=cycle["category"]).values_list("path", flat=True).first()
    below = Category.objects.filter(path__startswith=path or "?").order_by().values("pk")
    return Q(sku__product__category_id__in=below)


def _of_the_year(column: str, day: date) -> Q:
    """A date of the year; 29 February is on the 28th in a year without one."""
    born = Q(**{f"{column}__month": day.month, f"{column}__day": day.day})
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        born |= Q(**{f"{column}__month": 2, f"{column}__day": 29})
    return born


_BY_DAY: Final[Mapping[type, Callable[[Any, date], Iterator[Met]]]] = {
    OnBirthday: _birthday,
    OnAnniversary: _anniversary,
    OnDormant: _dormant,
    OnRepurchase: _repurchase,
}
