"""The packets room: what a paid order brings its buyer and the friends who open it."""

from django.apps import AppConfig


class PacketsConfig(AppConfig):
    name = "apps.packets"
    verbose_name = "立减金"
