"""The inventory room: how many there are in which place, and how many are spoken for."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "apps.inventory"
    verbose_name = "库存"
