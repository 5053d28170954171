"""Warehouses and shops for operators."""

from __future__ import annotations

from django.contrib import admin

from apps.base.admin import EditableAdmin
from apps.stores import services as stores
from apps.stores.models import Place


@admin.register(Place)
class PlaceAdmin(EditableAdmin):
    """Where goods are kept; the priority says who ships first, a place with stock cannot be deleted."""

    saves = staticmethod(stores.save)
    list_display = ["name", "kind", "priority", "ships", "province", "city", "phone"]
    list_filter = ["kind", "ships"]
    search_fields = ["name", "city", "detail"]
    fieldsets = [
        (None, {"fields": ["name", "kind"]}),
        ("发货", {"fields": ["priority", "ships"]}),
        ("地址与电话", {"fields": ["province", "city", "district", "detail", "phone"]}),
    ]
