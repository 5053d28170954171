"""The desk: operators' home, and pages that show several rooms; no tables."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "apps.desk"
    verbose_name = "工作台"
