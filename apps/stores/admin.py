"""Warehouses and shops for operators."""

from __future__ import annotations

from django.contrib import admin

from apps.base.admin import EditableAdmin
from apps.stores import services as stores
from apps.stores.forms import PlaceForm, StaffForm
from apps.stores.models import Place, PlaceStaff


@admin.register(Place)
class PlaceAdmin(EditableAdmin):
    """Where goods are kept; the priority says who ships first, a place with stock cannot be deleted."""

    form = PlaceForm
    saves = staticmethod(stores.save)
    list_display = ["name", "kind", "priority", "ships", "picks_up", "delivers", "province", "city", "phone"]
    list_filter = ["kind", "ships", "picks_up", "delivers"]
    search_fields = ["name", "city", "detail"]
    fieldsets = [
        (None, {"fields": ["name", "kind"]}),
        ("发货", {"fields": ["priority", "ships"]}),
        ("地址与电话", {"fields": ["province", "city", "district", "detail", "phone"]}),
        (
            "门店",
            {
                "fields": ["hours", ("latitude", "longitude"), "picks_up", "delivers"],
                "description": "经纬度用微信或腾讯地图的坐标（GCJ-02），自提与同城配送按它算距离。",
            },
        ),
        (
            "同城配送",
            {
                "fields": [
                    ("delivery_radius_m", "delivery_min_fen"),
                    ("delivery_fee_fen", "delivery_near_m", "delivery_more_fen"),
                    "delivery_area",
                ]
            },
        ),
    ]


@admin.register(PlaceStaff)
class PlaceStaffAdmin(EditableAdmin):
    """Which operators work at one shop alone, or at a few; who stands in no row sees all of them."""

    form = StaffForm
    saves = staticmethod(stores.bind)
    list_display = ["operator", "place", "note"]
    list_filter = ["place"]
    list_select_related = ["operator", "place"]
    search_fields = ["operator__username", "place__name"]
    search_help_text = "操作员或门店"
    autocomplete_fields = ["operator", "place"]
    fieldsets = [
        (
            None,
            {
                "fields": [("operator", "place"), "note"],
                "description": "绑定后，该操作员只看到所绑门店的订单、库存和时段；会员、营销、资金等全店页面不再开放。"
                "可绑定多个门店，全部删除后可见全部。",
            },
        )
    ]
