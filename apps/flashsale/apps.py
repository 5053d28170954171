"""The flash sale room: sessions, their goods, plans that repeat them, reminders and waiting lists."""

from django.apps import AppConfig


class FlashsaleConfig(AppConfig):
    name = "apps.flashsale"
    verbose_name = "秒杀"
