"""The pickup room: orders that are fetched in a shop or brought by its own riders."""

from django.apps import AppConfig


class PickupConfig(AppConfig):
    name = "apps.pickup"
    verbose_name = "自提与同城配送"
