"""The checkout room: the counter: quote, place, pay, close; no tables."""

from django.apps import AppConfig


class CheckoutConfig(AppConfig):
    name = "apps.checkout"
    verbose_name = "结算"
