"""The product page of the operators: the catalogue's own, with what lies where of each SKU, and who holds it unpaid."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from apps.base.parts import Parted
from apps.catalog.admin import ProductPage
from apps.catalog.models import Product
from apps.fulfillment.services import templates
from apps.inventory import parts as inventory
from apps.orders import parts as orders


@admin.register(Product)
class ProductAdmin(Parted, ProductPage):
    """Products, continued by the rooms that know more of them."""

    parts = (inventory.STOCK, orders.HOLDERS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say what the SKUs that were saved cost to send, where that may surprise."""
        super().save_related(request, form, formsets, change)
        for warning in templates.weight_warnings(product_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)
