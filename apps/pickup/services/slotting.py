"""Slots as operators keep them: which times of the week a shop offers, and on which days it does not."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base import judging
from apps.pickup.models import SlotClosing, SlotTemplate
from apps.pickup.states import SlotKind
from apps.stores.models import Place
from mall.errors import Fault, Faulty


class SlotRefused(Faulty):
    """A time that cannot be: of no day, that ends before it begins, or of a shop that does not do it."""

    code = "slot_refused"


class ClosingRefused(Faulty):
    """A day off that cannot be: the same twice."""

    code = "slot_closing_refused"


def check(template: SlotTemplate) -> None:
    """Raise SlotRefused, with each fault at its field, for a time that cannot be saved so."""
    judging.refuse(SlotRefused, template, _faults(template))


def save(template: SlotTemplate) -> SlotTemplate:
    """Save a new or changed time of the week. Orders keep what they agreed on. Raises SlotRefused."""
    template.weekdays = sorted(set(template.weekdays))
    check(template)
    template.save()
    return template


def check_closing(closing: SlotClosing) -> None:
    """Raise ClosingRefused for a day off that cannot be saved so."""
    judging.refuse(ClosingRefused, closing)


def save_closing(closing: SlotClosing) -> SlotClosing:
    """Save a day on which nothing can be chosen; seats that were taken stay. Raises ClosingRefused."""
    check_closing(closing)
    closing.save()
    return closing


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
