"""定时达 for operators: times of the week with their seats, days off, and who comes when, the earliest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base.admin import EditableAdmin, ReadOnlyAdmin, chip
from apps.base.days import minute, shop_day
from apps.base.finding import Number
from apps.base.forms import RuledForm
from apps.orders.parts import status_shown
from apps.orders.states import DeliveryKind
from apps.pickup import slot_selectors as slot_facts
from apps.pickup.models import SlotClosing, SlotSeat, SlotTemplate
from apps.pickup.services import slotting
from apps.stores.admin_bound import OfPlaces
from apps.stores.models import Place


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Days of the week, 1 is Monday."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        choices = [(day, f"周{sign}") for day, sign in enumerate(slotting.DAYS, start=1)]
        super().__init__(choices=choices, coerce=int, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(map(str, initial or [])) != sorted(map(str, data or []))


class SlotTemplateForm(RuledForm):
    """A time of the week."""

    weekdays = WeekdaysField(label="每周", initial=[1, 2, 3, 4, 5, 6, 7])

    class Meta:
        model = SlotTemplate
        fields = [
            *("place", "kind", "weekdays", "starts_at", "ends_at"),
            *("capacity", "order_before_min", "active"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "place" in self.fields:
            rows: Any = self.fields["place"]
            rows.queryset = rows.queryset.filter(kind=Place.Kind.SHOP)

    def check(self, row: SlotTemplate) -> None:
        slotting.check(row)


class SlotClosingForm(RuledForm):
    """A day off."""

    class Meta:
        model = SlotClosing
        fields = ["place", "day", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "place" in self.fields:
            rows: Any = self.fields["place"]
            rows.queryset = rows.queryset.filter(kind=Place.Kind.SHOP)

    def check(self, row: SlotClosing) -> None:
        slotting.check_closing(row, at=timezone.now())


class ComingFilter(admin.SimpleListFilter):
    """Whose order is still to be brought or fetched, and on which day."""

    title = "安排"
    parameter_name = "coming"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", "待完成"),
            ("today", "今天"),
            ("tomorrow", "明天"),
            ("released", "已释放"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SlotSeat]) -> QuerySet[SlotSeat]:
        now = timezone.now()
        match self.value():
            case "yes":
                return slot_facts.upcoming(queryset, at=now)
            case "today":
                return slot_facts.on_day(queryset, shop_day(now)).filter(released_at=None)
            case "tomorrow":
                return slot_facts.on_day(queryset, shop_day(now) + timedelta(days=1)).filter(released_at=None)
            case "released":
                return queryset.filter(released_at__isnull=False)
        return queryset


@admin.register(SlotTemplate)
class SlotTemplateAdmin(OfPlaces, EditableAdmin):
    """Times of the week. What orders agreed on stays as it was; one that has orders is switched off, not deleted."""

    form = SlotTemplateForm
    saves = staticmethod(slotting.save)
    list_display = ["window", "place", "kind", "days", "capacity", "order_before_min", "active"]
    list_filter = ["place", "kind", "active"]
    list_select_related = ["place"]
    fieldsets = [
        (None, {"fields": [("place", "kind")]}),
        ("时间", {"fields": ["weekdays", ("starts_at", "ends_at")]}),
        ("接单", {"fields": [("capacity", "order_before_min", "active")]}),
    ]

    @admin.display(description="时段", ordering="starts_at")
    def window(self, row: SlotTemplate) -> str:
        return f"{row.starts_at:%H:%M}-{row.ends_at:%H:%M}"

    @admin.display(description="每周")
    def days(self, row: SlotTemplate) -> str:
        return (
            "每天"
            if len(row.weekdays) == 7
            else "、".join(f"周{slotting.DAYS[day - 1]}" for day in row.weekdays)
        )


@admin.register(SlotClosing)
class SlotClosingAdmin(OfPlaces, EditableAdmin):
    """Days on which a shop, or each of them, takes no order for a slot."""

    form = SlotClosingForm
    list_display = ["day", "where", "note"]
    list_filter = ["place"]
    list_select_related = ["place"]
    fields = [("day", "place"), "note"]

    def save_model(self, request: HttpRequest, obj: SlotClosing, form: Any, change: bool) -> None:
        slotting.save_closing(obj, at=timezone.now())

    @admin.display(description="门店", ordering="place")
    def where(self, row: SlotClosing) -> str:
        return str(row.place or "全部门店")


@admin.register(SlotSeat)
class SlotSeatAdmin(OfPlaces, ReadOnlyAdmin):
    """Who comes when: the riders' and the counter's list, the earliest first."""

    list_display = ["window", "order_no", "kind_shown", "place", "state", "goods", "card", "released"]
    list_filter = [ComingFilter, "place", "kind"]
    list_select_related = ["order", "place"]
    ordering = ["starts_at", "id"]
    found_by = (Number("order__order_no", ends=True),)
    search_help_text = "订单号"
    fields = [
        ("order", "kind_shown", "place"),
        ("window", "state"),
        ("goods", "card"),
        ("taken_at", "released_at"),
    ]
    readonly_fields = ["kind_shown", "window", "state", "goods", "card"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlotSeat]:
        rows: QuerySet[SlotSeat] = super().get_queryset(request)
        return rows.select_related("order", "place").prefetch_related("order__lines")

    @admin.display(description="时段", ordering="starts_at")
    def window(self, row: SlotSeat) -> str:
        begins = minute(row.starts_at, at=timezone.now())
        return f"{begins}-{timezone.localtime(row.ends_at):%H:%M}"

    @admin.display(description="订单")
    def order_no(self, row: SlotSeat) -> str:
        return row.order.order_no

    @admin.display(description="配送方式", ordering="kind")
    def kind_shown(self, row: SlotSeat) -> str:
        return str(DeliveryKind(row.kind).label)

    @admin.display(description="状态", ordering="order__status")
    def state(self, row: SlotSeat) -> SafeString:
        return status_shown(row.order.status, of=row.order)

    @admin.display(description="商品")
    def goods(self, row: SlotSeat) -> str:
        kept = [line for line in row.order.lines.all() if line.quantity > line.refunded]
        told = "；".join(f"{line.mark}{line.title} × {line.quantity - line.refunded}" for line in kept)
        return told if len(told) <= 60 else f"{told[:60]}…"

    @admin.display(description="贺卡")
    def card(self, row: SlotSeat) -> str:
        return row.order.card or "—"

    @admin.display(description="席位")
    def released(self, row: SlotSeat) -> SafeString:
        return chip("已释放", "") if row.released_at else chip("已占用", "success")
