"""What stands around the promotions, for operators: member days, festivals, the price floor, uses, simulations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.base.admin import EditableAdmin, ReadOnlyAdmin, chip, fault_column, link, yuan_column
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Part, Whole
from apps.promotions import member_days, reports
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.calendar_forms import CampaignForm, MemberDayForm
from apps.promotions.models import Campaign, MemberDay, PriceFloor, SimulationRun, Usage
from apps.promotions.price_forms import PriceFloorForm

# So many festivals are told of that run beside one.
_MOST: Final = 5
_STATE_COLOURS = {"RUNNING": "info", "DONE": "success", "FAILED": "danger"}


@admin.register(MemberDay)
class MemberDayAdmin(EditableAdmin):
    """Days that come again. Switched off rather than deleted while promotions belong to them."""

    form = MemberDayForm
    saves = staticmethod(promotions.save_member_day)
    list_display = ["name", "days", "points", "enabled"]
    fields = ["name", "enabled", "weekdays", "month_days", "points_bp"]

    @admin.display(description="日子")
    def days(self, row: MemberDay) -> str:
        return member_days.sentence(row)

    @admin.display(description="积分倍率")
    def points(self, row: MemberDay) -> str:
        whole, rest = divmod(row.points_bp, 10_000)
        return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + " 倍"


@admin.register(Campaign)
class CampaignAdmin(EditableAdmin):
    """Festivals with their preheat and their promotions."""

    form = CampaignForm
    saves = staticmethod(promotions.save_campaign)
    list_display = ["name", "preheat_at", "starts_at", "ends_at"]
    search_fields = ["name"]
    fields = ["name", "preheat_at", "starts_at", "ends_at", "offers", "beside"]
    readonly_fields = ["offers", "beside"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Two festivals at one time may be meant: whoever saves one is told of the others, with the way there."""
        super().save_model(request, obj, form, change)
        for told in _told_beside(obj):
            self.message_user(request, told, level=messages.WARNING)

    @admin.display(description="包含的促销")
    def offers(self, row: Campaign) -> SafeString | str:
        if row.pk is None:
            return "保存后，在促销活动中选择此节日活动"
        lines = [(offer.get_kind_display(), offer.label) for offer in row.promotions.all()]
        return format_html_join("", "<div>{} · {}</div>", lines) or "还没有促销"

    @admin.display(description="同期的节日活动")
    def beside(self, row: Campaign) -> SafeString | str:
        if row.pk is None:
            return "保存后显示"
        return format_html_join("", "<div>{}</div>", ((told,) for told in _told_beside(row))) or "没有"


def _told_beside(row: Campaign) -> list[SafeString]:
    """The festivals at the same time as this one, a sentence each, with the way to its page."""
    return [
        format_html(
            "{} {}",
            f"与「{other}」（{_minute(other.starts_at)} 至 {_minute(other.ends_at)}）"
            + ("同时生效：两边的促销都会参与计价" if sold else "的展示时间重叠：买家会同时看到两个活动"),
            link(reverse("admin:promotions_campaign_change", args=[other.pk]), "查看"),
        )
        for other, sold in promotion_facts.festivals_beside(row)[:_MOST]
    ]


def _minute(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


@admin.register(PriceFloor)
class PriceFloorAdmin(OneRowAdmin):
    """The one row of the price floor."""

    form = PriceFloorForm

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The service writes the row."""
        typed = form.cleaned_data
        promotions.set_floor(mode=typed["mode"], above_cost_bp=typed["above_cost_bp"])
        obj.pk, obj._state.adding = 1, False


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """The ledger of uses."""

    list_display = ["at", "order_no", "promotion", "member", "verb", "uses", "units", "amount"]
    list_filter = ["verb"]
    list_select_related = ["promotion", "member"]
    found_by = (Whole("order_no"), Part("promotion__label"))
    search_help_text = "完整的订单号，或促销名称"
    amount = yuan_column("amount_fen", "优惠")


@admin.register(SimulationRun)
class SimulationRunAdmin(ReadOnlyAdmin):
    """Promotions tried on past orders; the page of a run shows how far it is, and its report."""

    list_display = ["promotion", "days", "until", "state", "progress", "operator"]
    list_filter = ["status"]
    list_select_related = ["promotion", "operator"]
    fields = [("promotion", "shown_state"), ("days", "progress"), ("since", "until"), "trouble"]
    readonly_fields = ["shown_state", "progress", "trouble"]
    trouble = fault_column("error", "失败原因")
    change_form_after_template = "admin/promotions/simulation.html"

    def get_fields(self, request: HttpRequest, obj: SimulationRun | None = None) -> Any:
        """The reason of a failure only where there is one."""
        return self.fields if obj is None or obj.error else self.fields[:-1]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """The run's page with its report."""
        row = context.get("original")
        if row is not None:
            context |= {
                "report": [table._asdict() for table in reports.tables(row.figures)],
                "done_percent": row.handled * 100 // max(row.total, 1),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="状态")
    def shown_state(self, row: SimulationRun) -> SafeString:
        return chip(row.get_status_display(), _STATE_COLOURS[row.status])

    @display(description="状态", ordering="status", label=_STATE_COLOURS)
    def state(self, row: SimulationRun) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description="进度")
    def progress(self, row: SimulationRun) -> str:
        return f"{row.handled:,} / {row.total:,} 单"
