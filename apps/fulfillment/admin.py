"""Freight templates, carriers and parcels for operators; parcels are sent from the order's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base import fault_words
from apps.base.admin import (
    EditableAdmin,
    FixedAdmin,
    ReadOnlyAdmin,
    TabularInline,
    chip,
    fault_column,
    for_chosen,
)
from apps.base.asking import AskForm, Preview, operator
from apps.base.finding import Number, Way
from apps.base.forms import RegionsField, YuanField
from apps.base.seeking import Recent
from apps.fulfillment import admin_packing, admin_waybills
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.import_form import ImportForm
from apps.fulfillment.models import (
    Carrier,
    FreightTemplate,
    FreightZone,
    Parcel,
    ProductFreight,
    ShippingUpload,
    Trace,
)
from apps.fulfillment.services import carriers, importing, templates, tracing
from apps.fulfillment.states import TRACE_ENDS, TraceState, UploadStatus
from apps.orders.parts import OfOrders
from mall import regions
from mall.errors import ShopError
from mall.money import priced

__all__ = ["ShippingUploadAdmin", "admin_packing", "admin_waybills"]

UPLOAD_COLOURS: dict[str, str] = {
    UploadStatus.WAITING: "warning",
    UploadStatus.DONE: "success",
    UploadStatus.FAILED: "danger",
}

TRACE_COLOURS: dict[str, str] = {
    TraceState.DELIVERING: "info",
    TraceState.SIGNED: "success",
    TraceState.PROBLEM: "danger",
    TraceState.RETURNED: "warning",
}


class FetchForm(AskForm):
    """A question before the list of carriers is read from WeChat again."""

    title = "更新快递公司"
    explanation = "从微信读取支持的快递公司：新增的加入列表，改名的随之改名；「常用」的设置不变。"


class ZoneForm(forms.ModelForm):
    """One tariff; regions are typed by name, fees in yuan."""

    regions = RegionsField(
        label="地区",
        required=False,
        help_text="例如「新疆、内蒙古、南京市/鼓楼区」，用顿号、逗号或换行隔开；留空表示其余地区",
        widget=UnfoldAdminTextInputWidget,
    )
    first_fee_fen = YuanField(label="首费（元）")
    next_fee_fen = YuanField(label="续费（元）")

    class Meta:
        model = FreightZone
        fields = ["regions", "first_units", "first_fee_fen", "next_units", "next_fee_fen"]


class ZonesFormSet(forms.BaseInlineFormSet):
    """All tariffs of a template: together they must be one that can be charged by."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.instance for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        try:
            templates.check_zones(kept)
        except ShopError as refusal:
            raise ValidationError(refusal.text) from refusal


class ZoneInline(TabularInline):
    model = FreightZone
    form = ZoneForm
    formset = ZonesFormSet
    extra = 1


class ProductFreightInline(TabularInline):
    model = ProductFreight
    extra = 0
    autocomplete_fields = ["product"]
    verbose_name_plural = "使用此模板的商品"


class FreightTemplateForm(forms.ModelForm):
    """A template. The default stays the default until another one takes over.

    ``usual`` is the column ``is_default`` under another name: Django would refuse a second default, which is no
    mistake of the operator, since the service makes it the only one.
    """

    usual = forms.BooleanField(
        label="默认模板", required=False, help_text="未指定模板的商品使用它；勾选后由它代替原来的默认模板"
    )

    class Meta:
        model = FreightTemplate
        fields = ["name", "charged_by"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("usual", self.instance.is_default)

    def clean_usual(self) -> bool:
        wanted: bool = self.cleaned_data["usual"]
        try:
            templates.check_default(template=self.instance, wanted=wanted)
        except templates.DefaultNeeded as refusal:
            raise ValidationError(refusal.text) from refusal
        return wanted


@admin.register(FreightTemplate)
class FreightTemplateAdmin(EditableAdmin):
    """How postage is counted."""

    form = FreightTemplateForm
    fields = ["name", "charged_by", "usual"]
    list_display = ["name", "charged_by", "is_default", "tariffs", "unclear"]
    inlines = [ZoneInline, ProductFreightInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FreightTemplate]:
        return super().get_queryset(request).prefetch_related("zones")

    def has_delete_permission(self, request: HttpRequest, obj: FreightTemplate | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """The default is no less protected where several rows are deleted at once."""
        going, counts, needed, protected = super().get_deleted_objects(objs, request)
        kept = [f"{row}：{templates.DefaultNeeded.message}" for row in objs if row.is_default]
        if self.has_delete_permission(request):
            # It is the default, not the operator's permissions, that bars it.
            needed = {name for name in needed if name != self.opts.verbose_name}
        return going, counts, needed, [*protected, *kept]

    def save_model(
        self, request: HttpRequest, obj: FreightTemplate, form: forms.ModelForm[FreightTemplate], change: bool
    ) -> None:
        obj.is_default = form.cleaned_data["usual"]
        templates.save(template=obj)

    def delete_model(self, request: HttpRequest, obj: FreightTemplate) -> None:
        templates.remove(template=obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say what is odd about what was saved: the tariffs and the products are known only now."""
        super().save_related(request, form, formsets, change)
        for warning in templates.weight_warnings(template_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)

    @admin.display(description="资费")
    def tariffs(self, row: FreightTemplate) -> str:
        return "；".join(f"{zone} {priced(zone.first_fee_fen)} 起" for zone in row.zones.all())

    @admin.display(description="地区有误")
    def unclear(self, row: FreightTemplate) -> str:
        names = [name for zone in row.zones.all() for name in zone.regions]
        return "；".join(filter(None, map(regions.objection, names))) or "—"


@admin.register(Carrier)
class CarrierAdmin(FixedAdmin):
    """Carriers by WeChat's ids. 常用 puts one at the top of the list."""

    list_display = ["name", "code", "common"]
    list_filter = ["common"]
    search_fields = ["name", "code"]
    fields = ["name", "code", "common"]
    readonly_fields = ["name", "code"]
    actions_list = ["fetch"]
    actions = ["make_common", "make_uncommon"]

    def save_model(self, request: HttpRequest, obj: Carrier, form: Any, change: bool) -> None:
        """All that is typed here is whether it stands at the top."""
        carriers.set_common(codes=[obj.code], common=obj.common)

    @for_chosen(description="设为常用", permission="fulfillment.change_carrier")
    def make_common(self, request: HttpRequest, chosen: QuerySet[Carrier]) -> None:
        self.message_user(
            request, f"已设为常用 {carriers.set_common(codes=_codes(chosen), common=True)} 家。"
        )

    @for_chosen(description="取消常用", permission="fulfillment.change_carrier")
    def make_uncommon(self, request: HttpRequest, chosen: QuerySet[Carrier]) -> None:
        self.message_user(
            request, f"已取消常用 {carriers.set_common(codes=_codes(chosen), common=False)} 家。"
        )

    @action(
        description="从微信更新列表",
        url_path="fetch",
        permissions=["fulfillment.change_carrier"],
        icon="sync",
    )
    def fetch(self, request: HttpRequest) -> HttpResponse:
        return self.ask(
            request, FetchForm, lambda _: f"已从微信更新 {carriers.refresh()} 家快递公司。", outside=True
        )


def _codes(chosen: QuerySet[Carrier]) -> list[str]:
    return list(chosen.order_by().values_list("code", flat=True))


class StandingStillFilter(admin.SimpleListFilter):
    """Parcels of which nothing new was told for 48 hours, whose buyers still wait."""

    title = "48 小时无更新"
    parameter_name = "still"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "是")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Parcel]) -> QuerySet[Parcel]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(trace__in=parcel_facts.standing_still(at=timezone.now()))


class AskNowForm(AskForm):
    """A question before the courier is asked about a parcel out of turn."""

    title = "立即查询物流"
    explanation = "一分钟内向快递查询；同一单号半小时内只查询一次。"


@admin.register(Parcel)
class ParcelAdmin(OfOrders, ReadOnlyAdmin):
    """Everything that was sent, newest first, and how it stands on its way."""

    list_display = [
        "parcel_no",
        "order",
        "carrier",
        "tracking_no",
        "way",
        "moved_at",
        "shipped_at",
        "operator",
    ]
    list_filter = ["trace__state", StandingStillFilter, "carrier", "shipped_at"]
    list_select_related = ["order", "carrier", "operator", "trace"]
    found_by = (Number("parcel_no"), Number("tracking_no", ends=True), Number("order__order_no", ends=True))
    search_help_text = "包裹号、快递单号或订单号（完整或后几位）"
    readonly_fields = ["way", "moved_at", "checked_at", "told"]
    fields = [
        "parcel_no",
        "order",
        "carrier",
        "tracking_no",
        "shipped_at",
        "operator",
        "way",
        "moved_at",
        "checked_at",
        "told",
    ]
    actions_list = ["import_numbers"]
    actions_detail = ["ask_now"]

    @admin.display(description="物流", ordering="trace__state")
    def way(self, row: Parcel) -> SafeString | str:
        trace = _trace_of(row)
        return chip(trace.get_state_display(), TRACE_COLOURS.get(trace.state, "")) if trace else "—"

    @admin.display(description="最近更新", ordering="trace__moved_at")
    def moved_at(self, row: Parcel) -> str:
        trace = _trace_of(row)
        return f"{timezone.localtime(trace.moved_at):%Y-%m-%d %H:%M}" if trace else "—"

    @admin.display(description="最近查询")
    def checked_at(self, row: Parcel) -> str:
        trace = _trace_of(row)
        if trace is None or trace.checked_at is None:
            return fault_words.told(trace.last_error) if trace and trace.last_error else "尚未查询"
        told = f"{timezone.localtime(trace.checked_at):%Y-%m-%d %H:%M}"
        return f"{told}（{fault_words.told(trace.last_error)}）" if trace.last_error else told

    @admin.display(description="物流记录")
    def told(self, row: Parcel) -> SafeString | str:
        trace = _trace_of(row)
        lines = trace.events.filter(tracking_no=row.tracking_no) if trace else []
        shown = ((f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", line.place, line.text) for line in lines)
        return format_html_join(mark_safe("<br>"), "{} {} {}", shown) or "暂无"

    @action(
        description="导入快递单号",
        url_path="import",
        permissions=["orders.change_order"],
        icon="upload_file",
    )
    def import_numbers(self, request: HttpRequest) -> HttpResponse:
        """Show what a file would do, then do it: all of it or nothing."""

        def look(filled: ImportForm) -> Preview:
            plan = importing.preview(filled.sheet(), operator=request.user)
            shown = "；".join(
                f"{one.order_no} {one.carrier_code} {one.tracking_no}" for one in plan.leaving[:20]
            )
            facts = [
                ("发出包裹", f"{len(plan.leaving)} 个"),
                ("已导入过，跳过", f"{len(plan.known)} 行"),
                ("包裹", f"{shown}{' …' if len(plan.leaving) > 20 else ''}" or "—"),
            ]
            return Preview(facts=facts, seen=plan.seen)

        def take_in(filled: ImportForm) -> str:
            done = importing.carry_out(
                sheet=filled.sheet(),
                seen=filled.cleaned_data["seen"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"已发出 {done.sent} 个包裹，{done.known} 行此前已导入。发货信息将自动上传微信。"

        return self.ask(request, ImportForm, take_in, preview=look)

    def usable(self, row: Parcel) -> list[str]:
        trace = _trace_of(row)
        return ["ask_now"] if trace and trace.state not in TRACE_ENDS else []

    @action(
        description="立即查询物流",
        url_path="ask-now",
        permissions=["orders.change_order"],
        icon="travel_explore",
    )
    def ask_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def ask(_: AskNowForm) -> str:
            tracing.ask_now(parcel_no=row.parcel_no, at=timezone.now())
            return "已安排查询，请稍后刷新。"

        return self.ask(request, AskNowForm, ask, row=row, heading=f"{row.carrier} {row.tracking_no}")


def _trace_of(row: Parcel) -> Trace | None:
    return getattr(row, "trace", None)


class QueueFilter(admin.SimpleListFilter):
    """What else can be said of an upload than its status."""

    title = "进度"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("retried", "重试中"),
            ("unverified", "已上传待核实"),
            ("verified", "已核实"),
            ("reshipped", "已重新发货"),
            ("unsettled", "已确认收货未结算"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ShippingUpload]) -> QuerySet[ShippingUpload]:
        match self.value():
            case "retried":
                return queryset.filter(status=UploadStatus.WAITING, attempts__gte=1)
            case "unverified":
                return queryset.filter(status=UploadStatus.DONE, verified_at__isnull=True)
            case "verified":
                return queryset.filter(status=UploadStatus.DONE, verified_at__isnull=False)
            case "reshipped":
                return queryset.filter(reshipped_at__isnull=False)
            case "unsettled":
                return queryset.filter(confirmed_at__isnull=False, settled_at__isnull=True)
        return queryset


class ShippingUploadAdmin(OfOrders, ReadOnlyAdmin):
    """What WeChat was told of what was paid for; the failed ones wait for somebody (重新上传 on the order's page).

    What a bill is for is known upstairs: the page of bills adds ``subject``, and registers this.
    """

    trouble = fault_column("last_error", "最近错误")
    readonly_fields = ["trouble"]
    list_display = [
        "subject",
        "state",
        "uploaded_parcels",
        "uploaded_at",
        "verified_at",
        "wechat_state",
        "settled_at",
        "trouble",
    ]
    list_filter: list[Any] = ["status", QueueFilter, "wechat_state"]
    list_select_related = ["order"]
    found_by: ClassVar[Sequence[Way]] = (Number("order__order_no", ends=True), Recent("bill_no"))
    search_help_text = "按订单号或充值单号等查找"

    @admin.display(description="状态", ordering="status")
    def state(self, row: ShippingUpload) -> SafeString:
        return upload_shown(row)


def upload_shown(row: ShippingUpload) -> SafeString:
    """How an upload stands in the queue: waiting, tried so often, refused, uploaded, verified; and the one re-shipment."""
    told = row.get_status_display()
    if row.status == UploadStatus.WAITING and row.attempts:
        told = f"重试中（已试 {row.attempts} 次）"
    elif row.status == UploadStatus.DONE and row.verified_at:
        told = "已核实"
    if row.reshipped_at:
        told = f"{told} · 已重新发货"
    return chip(told, UPLOAD_COLOURS.get(row.status, ""))
