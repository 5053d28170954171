"""The calendar of everything that runs for a time, in the place of the list of windows that campaigns have booked."""

from __future__ import annotations

import calendar as months
import re
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
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
        """``?month=2026-11&kind=秒杀&phase=进行中``; this month, and all of it, where nothing that there is is asked for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        at = timezone.now()
        today = days.shop_day(at)
        month = _month(request.GET.get("month", ""), today=today)
        number = months.monthrange(month.year, month.month)[1]
        bars = calendar.bars(month, allowed=request.user.has_perm, at=at)
        kinds = list(dict.fromkeys(bar.entry.kind for bar in bars))
        phases = list(dict.fromkeys(bar.entry.phase for bar in bars))
        kind, phase = request.GET.get("kind", ""), request.GET.get("phase", "")
        shown = {
            **self.admin_site.each_context(request),
            "title": "活动日历",
            "opts": self.opts,
            "month": month,
            "before": f"{month - timedelta(days=1):%Y-%m}",
            "after": f"{month + timedelta(days=31):%Y-%m}",
            "this_month": f"{today:%Y-%m}",
            "days": [month + timedelta(days=day) for day in range(number)],
            # One filter keeps what the other has chosen.
            "filters": [("kind", kinds, kind, "phase", phase), ("phase", phases, phase, "kind", kind)],
            "kept": urlencode({"kind": kind, "phase": phase}),
            "bars": [
                bar
                for bar in bars
                if (kind not in kinds or bar.entry.kind == kind)
                and (phase not in phases or bar.entry.phase == phase)
            ],
            "today": today,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/desk/calendar.html", shown)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the campaign that booked the window: messages that name one link here, whatever its kind."""
        row: SkuWindow | None = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            page = calendar.campaign_page(kind=row.kind, activity_id=row.activity_id)
            if page is not None:
                return redirect(page)
        return super().change_view(request, object_id, form_url, extra_context)


def _month(asked: str, *, today: date) -> date:
    found = _MONTH.fullmatch(asked)
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)
