"""The stores room: the places goods are kept in or sold from."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "apps.stores"
    verbose_name = "仓库与门店"
