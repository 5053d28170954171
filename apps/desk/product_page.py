"""The product page of the operators: the catalogue's own, with what lies where of each SKU."""

from __future__ import annotations

from django.contrib import admin

from apps.base.parts import Parted
from apps.catalog.admin import ProductPage
from apps.catalog.models import Product
from apps.inventory import parts as inventory


@admin.register(Product)
class ProductAdmin(Parted, ProductPage):
    """Products, continued by the rooms that know more of them."""

    parts = (inventory.STOCK,)
