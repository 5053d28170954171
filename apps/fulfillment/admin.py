"""Freight templates and carriers for operators; parcels are sent from the order's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base.admin import EditableAdmin, ReadOnlyAdmin, TabularInline, chip
from apps.base.asking import AskForm
from apps.base.forms import YuanField
from apps.fulfillment import freight
from apps.fulfillment.models import (
    Carrier,
    FreightTemplate,
    FreightZone,
    Parcel,
    ProductFreight,
    ShippingUpload,
)
from apps.fulfillment.services import carriers
from apps.fulfillment.states import UploadStatus
from mall.errors import ShopError
from mall.money import yuan

UPLOAD_COLOURS: dict[str, str] = {
    UploadStatus.WAITING: "warning",
    UploadStatus.DONE: "success",
    UploadStatus.FAILED: "danger",
}


class FetchForm(AskForm):
    """A question before the list of carriers is read from WeChat again."""

    title = "更新快递公司"
    explanation = "从微信读取支持的快递公司：新增的加入列表，改名的随之改名；「常用」的设置不变。"


class ZoneForm(forms.ModelForm):
    """One tariff; regions are typed with commas, fees in yuan."""

    regions = forms.CharField(
        label="地区",
        required=False,
        help_text="省、市或区县，用逗号分隔；留空表示其余地区",
        widget=UnfoldAdminTextInputWidget,
    )
    first_fee_fen = YuanField(label="首费（元）")
    next_fee_fen = YuanField(label="续费（元）")

    class Meta:
        model = FreightZone
        fields = ["regions", "first_units", "first_fee_fen", "next_units", "next_fee_fen"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["regions"] = "，".join(self.instance.regions)

    def clean_regions(self) -> list[str]:
        """Return the names, without blanks and doubles."""
        typed = self.cleaned_data["regions"].replace("，", ",").replace("、", ",").replace(" ", ",")
        return list(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))


class ZonesFormSet(forms.BaseInlineFormSet):
    """All tariffs of a template: together they must be one that can be charged by."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.instance for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if sum(not zone.regions for zone in kept) > 1:
            raise ValidationError("「其余地区」只能有一行")
        try:
            freight.as_freight(FreightTemplate(pk=0, name="x", charged_by="PIECE"), kept)
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


@admin.register(FreightTemplate)
class FreightTemplateAdmin(EditableAdmin):
    """How postage is counted."""

    list_display = ["name", "charged_by", "is_default", "tariffs"]
    inlines = [ZoneInline, ProductFreightInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FreightTemplate]:
        return super().get_queryset(request).prefetch_related("zones")

    @admin.display(description="资费")
    def tariffs(self, row: FreightTemplate) -> str:
        return "；".join(f"{zone} ¥{yuan(zone.first_fee_fen)} 起" for zone in row.zones.all())


@admin.register(Carrier)
class CarrierAdmin(EditableAdmin):
    """Carriers by WeChat's ids. 常用 puts one at the top of the list."""

    list_display = ["name", "code", "common"]
    list_editable = ["common"]
    search_fields = ["name", "code"]
    fields = ["name", "code", "common"]
    readonly_fields = ["name", "code"]
    actions_list = ["fetch"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @action(
        description="从微信更新列表",
        url_path="fetch",
        permissions=["fulfillment.change_carrier"],
        icon="sync",
    )
    def fetch(self, request: HttpRequest) -> HttpResponse:
        return self.ask(request, FetchForm, lambda _: f"已从微信更新 {carriers.refresh()} 家快递公司。")


@admin.register(Parcel)
class ParcelAdmin(ReadOnlyAdmin):
    """Everything that was sent, newest first."""

    list_display = ["parcel_no", "order", "carrier", "tracking_no", "shipped_at", "operator"]
    list_filter = ["carrier", "shipped_at"]
    list_select_related = ["order", "carrier", "operator"]
    search_fields = ["parcel_no", "tracking_no", "order__order_no"]


@admin.register(ShippingUpload)
class ShippingUploadAdmin(ReadOnlyAdmin):
    """What WeChat was told of parcels and recharges; the failed ones wait for somebody (重新上传 on the order's page)."""

    list_display = ["subject", "state", "uploaded_parcels", "uploaded_at", "last_error"]
    list_filter = ["status"]
    list_select_related = ["order"]
    search_fields = ["order__order_no", "recharge_no"]
    search_help_text = "按订单号或充值单号查找"

    @admin.display(description="订单/充值单")
    def subject(self, row: ShippingUpload) -> str:
        return str(row.order) if row.order else row.recharge_no

    @admin.display(description="状态", ordering="status")
    def state(self, row: ShippingUpload) -> SafeString:
        return chip(row.get_status_display(), UPLOAD_COLOURS.get(row.status, ""))
