"""The app of tracking services."""

from django.apps import AppConfig


class CouriersConfig(AppConfig):
    """A door to the street; no tables."""

    name = "apps.couriers"
    verbose_name = "快递查询"
