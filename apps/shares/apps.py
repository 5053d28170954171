"""The room of shares: what members send to friends, and what came of it."""

from django.apps import AppConfig


class SharesConfig(AppConfig):
    name = "apps.shares"
    verbose_name = "分享"
