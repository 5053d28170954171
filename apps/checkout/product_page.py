"""The product's page at the counter: the same page, which here also knows how the product's freight is charged."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from apps.catalog.admin import ProductAdmin
from apps.catalog.models import Product
from apps.fulfillment.services import templates

# The catalogue knows nothing of freight; its page is continued here.
admin.site.unregister(Product)


@admin.register(Product)
class CounterProductAdmin(ProductAdmin):
    """Products, with a word about SKUs of 0 g where freight goes by weight."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for warning in templates.weight_warnings(product_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)
