"""The most active sharers by member group, for whoever looks for people who would promote."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, days, sheets
from apps.base.admin import ReadOnlyAdmin, with_way, yuan_column
from apps.base.asking import Done, operator
from apps.base.finding import Name, Number
from apps.distribution import exports, forms, sharers
from apps.distribution.models import Promoter, Sharer
from apps.distribution.services import promoters
from apps.distribution.states import PromoterStatus
from apps.members.models import Group

_PERIODS = {"7": "最近 7 天", "30": "最近 30 天", "90": "最近 90 天"}
_USUAL = "30"


class PeriodFilter(admin.SimpleListFilter):
    """Of which days, today included; thirty unless something else is chosen."""

    title = "时间"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(_PERIODS.items())

    def choices(self, changelist: Any) -> Any:
        """No "all": visits are not kept for ever."""
        chosen = self.value() or _USUAL
        for value, label in self.lookup_choices:
            yield {
                "selected": str(value) == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class GroupFilter(admin.SimpleListFilter):
    """Of which group."""

    title = "会员分组"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(row.pk), row.name) for row in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(memberships__group=int(chosen)) if chosen.isdecimal() else queryset


@admin.register(Sharer)
class SharerAdmin(ReadOnlyAdmin):
    """Who shares, whom that brought, whether they promote."""

    list_display = [
        *("nickname", "public_id", "groups", "visitors", "registrations", "ordered", "paid", "revenue"),
        "promotes",
    ]
    list_filter = [GroupFilter, PeriodFilter]
    found_by = (Number("public_id"), Name("nickname"))
    search_help_text = "会员编号或昵称"
    fields = [
        ("nickname", "public_id", "groups"),
        ("visitors", "registrations"),
        ("ordered", "paid", "revenue"),
        "promotes",
    ]
    readonly_fields = ["groups", "visitors", "registrations", "ordered", "paid", "revenue", "promotes"]
    actions_list = ["export", "export_csv"]
    actions_detail = ["appoint"]
    revenue = yuan_column("revenue_fen", "带来销售额")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, whose buttons keep its period."""
        answer = super().changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse) and answer.context_data is not None:
            for button in answer.context_data.get("actions_list", ()):
                button["path"] = f"{button['path']}?days={_days(request)}"
        return answer

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """The most visitors first."""
        return ["-visitors", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sharer]:
        since, until = _window(request)
        return sharers.active(since=since, until=until).prefetch_related("memberships__group", "promoter")

    @admin.display(description="会员分组")
    def groups(self, row: Sharer) -> str:
        return "、".join(membership.group.name for membership in row.memberships.all()) or "—"

    @admin.display(description="带来访客", ordering="visitors")
    def visitors(self, row: Any) -> str:
        return f"{row.visitors:,}"

    @admin.display(description="带来注册", ordering="registrations")
    def registrations(self, row: Any) -> str:
        return f"{row.registrations:,}"

    @admin.display(description="带来订单", ordering="ordered")
    def ordered(self, row: Any) -> str:
        return f"{row.ordered:,}"

    @admin.display(description="其中已付款", ordering="paid")
    def paid(self, row: Any) -> str:
        return f"{row.paid:,}"

    @admin.display(description="推客")
    def promotes(self, row: Sharer) -> SafeString | str:
        found: Promoter | None = getattr(row, "promoter", None)
        if found is None:
            return "—"
        return with_way(found.get_status_display(), "distribution_promoter", q=row.public_id)

    @action(
        description="任命为推客",
        permissions=["distribution.appoint_promoter"],
        url_path="appoint",
        icon="person_add",
    )
    def appoint(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def appoint(form: forms.AppointSharerForm) -> Done:
            level = form.cleaned_data["level"]
            found = promoters.appoint(
                member_id=row.pk,
                level_id=level.pk if level else None,
                operator=operator(request),
                at=timezone.now(),
            )
            standing = found.get_status_display()
            told = (
                "已任命。"
                if found.status == PromoterStatus.ACTIVE
                else f"该会员是推客，状态为「{standing}」，没有改变。"
            )
            return Done(told, about=found)

        return self.ask(
            request, forms.AppointSharerForm, appoint, row=row, heading=f"{row.nickname} · {row.public_id}"
        )

    @action(
        description="导出",
        permissions=["distribution.export_commission"],
        url_path="export",
        icon="download",
    )
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All of the page's period by group, as a sheet; who exports is written down."""
        return self._exported(request, as_csv=False)

    @action(
        description="导出（CSV）",
        permissions=["distribution.export_commission"],
        url_path="export-csv",
        icon="csv",
    )
    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        """The same as text, for programs."""
        return self._exported(request, as_csv=True)

    def _exported(self, request: HttpRequest, *, as_csv: bool) -> HttpResponseBase:
        since, until = _window(request)
        audit.record(
            operator=operator(request),
            action="导出活跃分享者",
            subject="分享",
            note=_PERIODS[_days(request)],
            at=timezone.now(),
        )
        found = exports.active_sharers(since=since, until=until)
        return sheets.answer(found, name="sharers", as_csv=as_csv)


def _days(request: HttpRequest) -> str:
    """How many days were chosen."""
    chosen = request.GET.get("days", "")
    return chosen if chosen in _PERIODS else _USUAL


def _window(request: HttpRequest) -> tuple[Any, Any]:
    """The chosen days, today the last of them."""
    today: date = days.shop_day(timezone.now())
    return days.day_window(today - timedelta(days=int(_days(request)) - 1))[0], days.day_window(today)[1]
