"""The payments room: money in and out, one row per attempt."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "apps.payments"
    verbose_name = "支付"
