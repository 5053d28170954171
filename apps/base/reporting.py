"""What reports of a chosen period share: the period, what their pages show around the figures, and taking a table along."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.base import audit, days, sheets
from apps.base.asking import operator

# What is shown at first, and the longest period: a figure of several years helps nobody to decide.
_USUAL: Final = timedelta(days=29)
_LONGEST_DAYS: Final = 366


def period(page: Any, request: HttpRequest) -> tuple[date, date]:
    """The first and the last day of the period that the request names, both counted; else the last thirty days."""
    today = days.shop_day(timezone.now())
    usual = today - _USUAL, today
    said = [request.GET.get(name, "").strip() for name in ("first", "last")]
    if not any(said):
        return usual
    try:
        first, last = (date.fromisoformat(text) for text in said)
    except ValueError:
        page.message_user(request, "请填写正确的起止日期。", level=messages.WARNING)
        return usual
    if first > last or (last - first).days >= _LONGEST_DAYS or last > today or first.year < today.year - 50:
        told = f"起始日期不能晚于截止日期，截止日期不能晚于今天，最长 {_LONGEST_DAYS} 天。"
        page.message_user(request, told, level=messages.WARNING)
        return usual
    return first, last


def around(
    page: Any, request: HttpRequest, *, title: str, first: date, last: date, right: str
) -> dict[str, Any]:
    """What a report's page shows beside its figures; ``exports`` for those with the ``right`` to take them along."""
    return {
        **page.admin_site.each_context(request),
        "title": title,
        "first": f"{first:%Y-%m-%d}",
        "last": f"{last:%Y-%m-%d}",
        "exports": operator(request).has_perm(right),
        "back": page.list_page(),
        "opts": page.opts,
    }


def taken_along(
    request: HttpRequest,
    of: sheets.Sheet,
    *,
    title: str,
    subject: str,
    name: str,
    first: date,
    last: date,
    right: str,
) -> HttpResponseBase:
    """A table of the period as a sheet; who takes it is written down. Raises PermissionDenied without the ``right``."""
    if not operator(request).has_perm(right):
        raise PermissionDenied
    audit.record(
        operator=operator(request),
        action=f"导出{title}",
        subject=subject,
        note=f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}",
        at=timezone.now(),
    )
    return sheets.answer(
        of, name=f"{name}-{first:%Y%m%d}-{last:%Y%m%d}", as_csv=request.GET.get("as") == "csv"
    )
