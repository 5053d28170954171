"""The pre-sale room: goods are sold before they are here, at once or by deposit and balance."""

from django.apps import AppConfig


class PresaleConfig(AppConfig):
    name = "apps.presale"
    verbose_name = "预售"
