"""The calendar above a list: which years, months or days have rows, by a probe of the index each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Max, Min, QuerySet, Value

from apps.base.days import day_window, local, shop_day


def with_rows(rows: QuerySet[Any], column: str, kind: str) -> list[datetime]:
    """The beginnings of the Shanghai periods in which there are rows, ascending: two statements, however many rows.

    ``column`` is an instant with an index, ``kind`` is ``year``, ``month`` or ``day``. As ``QuerySet.datetimes``, which
    reads every row.
    """
    ends = rows.order_by().aggregate(first=Min(column), last=Max(column))
    if ends["first"] is None:
        return []
    last = shop_day(ends["last"])
    probes = []
    for begins, following in _periods(_beginning(shop_day(ends["first"]), kind), last, kind):
        start, end = day_window(begins)[0], day_window(following)[0]
        inside = rows.order_by().filter(**{f"{column}__gte": start, f"{column}__lt": end})
        told = Value(start, output_field=DateTimeField())
        probes.append(inside.annotate(begins=told).values_list("begins", flat=True)[:1])
    found = probes[0].union(*probes[1:], all=True) if len(probes) > 1 else probes[0]
    # Whoever shows them reads year, month and day of these: Shanghai's, and not those of the moment in Greenwich.
    return sorted(map(local, found))


def chosen(rows: QuerySet[Any], column: str, asked: Mapping[str, str]) -> QuerySet[Any]:
    """Those of the rows that lie in the period that an address asks for (``created_at__year``, ``__month``, ``__day``,
    ``__gte``, ``__lt``), and nothing else of what it asks. Django has judged the values already.
    """
    prefix = f"{column}__"
    said = {name.removeprefix(prefix): value for name, value in asked.items() if name.startswith(prefix)}
    limits = {f"{prefix}{end}": said[end] for end in ("gte", "lt") if end in said}
    if "year" in said:
        first = date(int(said["year"]), int(said.get("month", 1)), int(said.get("day", 1)))
        kind = "day" if "day" in said else "month" if "month" in said else "year"
        ((begins, following),) = _periods(first, first, kind)
        rows = rows.filter(**{f"{prefix}gte": day_window(begins)[0], f"{prefix}lt": day_window(following)[0]})
    return rows.filter(**limits)


def _beginning(day: date, kind: str) -> date:
    if kind == "day":
        return day
    return day.replace(day=1) if kind == "month" else day.replace(month=1, day=1)


def _periods(begins: date, last: date, kind: str) -> Iterator[tuple[date, date]]:
    """Each period up to that of the last day, with the day that follows it."""
    longest = {"day": 1, "month": 32, "year": 367}[kind]
    while begins <= last:
        following = _beginning(begins + timedelta(days=longest), kind)
        yield begins, following
        begins = following
