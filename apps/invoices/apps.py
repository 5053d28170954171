"""The invoices room: what was really paid, on paper for the buyer's books."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "apps.invoices"
    verbose_name = "发票"
