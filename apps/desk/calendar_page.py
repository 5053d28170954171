"""The calendar of everything that runs for a time, in the place of the list of windows that campaigns have booked."""

from __future__ import annotations

import calendar as months
import re
from datetime import date, timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.base import days
from apps.base.admin import ReadOnlyAdmin
from apps.campaigns.models import SkuWindow
from apps.desk import calendar

_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@admin.register(SkuWindow)
class CalendarAdmin(ReadOnlyAdmin):
    """A month at a time: what runs on which days, each with the page it is changed on."""

    list_display = ["label", "title", "sku", "starts_at", "ends_at"]
    list_select_related = ["sku__product"]
    fields = ["label", "title", "sku", "price_fen", "preheat_at", "starts_at", "ends_at", "paused"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """``?month=2026-11&kind=秒杀``; this month, and every kind, where nothing that there is is asked for."""
        at = timezone.now()
        month = _month(request.GET.get("month", ""), today=days.shop_day(at))
        number = months.monthrange(month.year, month.month)[1]
        bars = calendar.bars(month, allowed=request.user.has_perm, at=at)
        kinds = list(dict.fromkeys(bar.entry.kind for bar in bars))
        chosen = request.GET.get("kind", "")
        shown = {
            **self.admin_site.each_context(request),
            "title": "活动日历",
            "opts": self.opts,
            "month": month,
            "before": f"{month - timedelta(days=1):%Y-%m}",
            "after": f"{month + timedelta(days=31):%Y-%m}",
            "days": [month + timedelta(days=day) for day in range(number)],
            "kinds": kinds,
            "chosen": chosen,
            "bars": [bar for bar in bars if bar.entry.kind == chosen] if chosen in kinds else bars,
            "today": days.shop_day(at),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/desk/calendar.html", shown)


def _month(asked: str, *, today: date) -> date:
    found = _MONTH.fullmatch(asked)
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)
