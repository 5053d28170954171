"""What stands around the promotions, for operators: member days, festivals, the price floor, uses, simulations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.base.admin import EditableAdmin, ReadOnlyAdmin, chip, yuan_column
from apps.base.one_row import OneRowAdmin
from apps.promotions import member_days, reports
from apps.promotions import services as promotions
from apps.promotions.calendar_forms import CampaignForm, MemberDayForm
from apps.promotions.models import Campaign, MemberDay, PriceFloor, SimulationRun, Usage
from apps.promotions.price_forms import PriceFloorForm

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
    fields = ["name", "preheat_at", "starts_at", "ends_at", "offers"]
    readonly_fields = ["offers"]

    @admin.display(description="包含的促销")
    def offers(self, row: Campaign) -> SafeString | str:
        if row.pk is None:
            return "保存后，在促销活动中选择此节日活动"
        lines = [(offer.get_kind_display(), offer.label) for offer in row.promotions.all()]
        return format_html_join("", "<div>{} · {}</div>", lines) or "还没有促销"


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
    search_fields = ["order_no", "promotion__label"]
    amount = yuan_column("amount_fen", "优惠")


@admin.register(SimulationRun)
class SimulationRunAdmin(ReadOnlyAdmin):
    """Promotions tried on past orders; the page of a run shows how far it is, and its report."""

    list_display = ["promotion", "days", "until", "state", "progress", "operator"]
    list_filter = ["status"]
    list_select_related = ["promotion", "operator"]
    fields = [("promotion", "shown_state"), ("days", "progress"), ("since", "until"), "error"]
    readonly_fields = ["shown_state", "progress"]
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
