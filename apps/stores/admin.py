"""Warehouses and shops for operators."""

from __future__ import annotations

from django.contrib import admin

from apps.base.admin import EditableAdmin
from apps.stores import services as stores
from apps.stores.forms import PlaceForm
from apps.stores.models import Place


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
