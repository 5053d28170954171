"""The demo room: fills the rehearsal shop, through services like anybody else."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "apps.demo"
    verbose_name = "演示店铺"
