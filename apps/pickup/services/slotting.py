"""Slots as operators keep them: which times of the week a shop offers, and on which days it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.base import judging
from apps.base.days import shop_day
from apps.pickup.models import SlotClosing, SlotTemplate
from apps.pickup.states import SlotKind
from apps.stores.models import Place
from mall.errors import Fault, Faulty

DAYS: Final = "一二三四五六日"


class SlotRefused(Faulty):
    """A time that cannot be: of no day, that ends before it begins, over another one, or of a shop that does not do it."""

    code = "slot_refused"


class ClosingRefused(Faulty):
    """A day off that cannot be: the same twice, or one that is over."""

    code = "slot_closing_refused"


def check(template: SlotTemplate) -> None:
    """Raise SlotRefused, with each fault at its field, for a time that cannot be saved so."""
    judging.refuse(SlotRefused, template, _faults(template))


def save(template: SlotTemplate) -> SlotTemplate:
    """Save a new or changed time of the week. Orders keep what they agreed on. Raises SlotRefused."""
    template.weekdays = sorted(set(template.weekdays))
    with transaction.atomic():
        # One after the other at a place, so that the second of two sees the first; the database holds it all the same.
        list(Place.objects.select_for_update(no_key=True).filter(pk=template.place_id).values_list("pk"))
        check(template)
        template.save()
    return template


def check_closing(closing: SlotClosing, *, at: datetime) -> None:
    """Raise ClosingRefused for a day off that cannot be saved so; one that is over may have its note changed."""
    judging.refuse(ClosingRefused, closing, _faults_of_closing(closing, at=at))


def save_closing(closing: SlotClosing, *, at: datetime) -> SlotClosing:
    """Save a day on which nothing can be chosen; seats that were taken stay. Raises ClosingRefused."""
    check_closing(closing, at=at)
    closing.save()
    return closing


def _faults_of_closing(closing: SlotClosing, *, at: datetime) -> Iterator[Fault]:
    known = SlotClosing.objects.filter(pk=closing.pk, day=closing.day, place=closing.place_id)
    if closing.day < shop_day(at) and not known.exists():
        yield Fault("day", "日期已过，请选择今天或以后的日期")


def _faults(template: SlotTemplate) -> Iterator[Fault]:
    days = template.weekdays
    if not isinstance(days, list) or not days or any(day not in range(1, 8) for day in days):
        yield Fault("weekdays", "请至少选择一天")
    if template.ends_at <= template.starts_at:
        yield Fault("ends_at", "结束须晚于开始")
    place = template.place
    does = place.delivers if template.kind == SlotKind.CITY else place.picks_up
    if place.kind != Place.Kind.SHOP or not does:
        yield Fault("place", f"该门店不提供{SlotKind(template.kind).label}")
    if other := _over(template):
        both = "、".join(f"周{DAYS[day - 1]}" for day in sorted({*other.weekdays} & {*days}))
        told = f"{other.starts_at:%H:%M}-{other.ends_at:%H:%M}"
        yield Fault("starts_at", f"与该门店已启用的时段 {told}（{both}）重叠，请调整时间或先停用该时段")


def _over(template: SlotTemplate) -> SlotTemplate | None:
    """Another time that is on, of the same shop and use, which this one overlaps; None for one that is off."""
    if not template.active or not isinstance(template.weekdays, list):
        return None
    others = SlotTemplate.objects.filter(
        place=template.place_id,
        kind=template.kind,
        active=True,
        starts_at__lt=template.ends_at,
        ends_at__gt=template.starts_at,
    )
    rows = others.exclude(pk=template.pk).order_by("starts_at", "id")
    return next((row for row in rows if set(row.weekdays) & set(template.weekdays)), None)
