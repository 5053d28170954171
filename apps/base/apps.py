"""The base room: what every room stands on."""

from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "apps.base"
    verbose_name = "基础"
