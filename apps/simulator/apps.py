"""The simulator room: past orders priced again with a draft; promotions keep what it finds."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "apps.simulator"
    verbose_name = "活动模拟"
