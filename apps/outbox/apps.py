"""The outbox room: keeps announced events and delivers each to each listener."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "apps.outbox"
    verbose_name = "消息投递"
