"""The app of short messages."""

from django.apps import AppConfig


class SmsConfig(AppConfig):
    """A door to the street; no tables."""

    name = "apps.sms"
    verbose_name = "短信"
