"""The room of deadlines: by when what is paid leaves, what burns first, and what cannot be kept."""

from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "apps.deadlines"
    verbose_name = "发货时限"
