"""The wallet room: stored value that members pay with."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "apps.wallet"
    verbose_name = "储值"
