"""The risk room: what makes a reward look abused, and what became of each that was looked at."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "apps.risk"
    verbose_name = "风险核实"
