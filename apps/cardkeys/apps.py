"""The card keys room: what virtual goods are delivered as, each sealed, sold once and shown to its buyer alone."""

from django.apps import AppConfig


class CardKeysConfig(AppConfig):
    name = "apps.cardkeys"
    verbose_name = "卡密"
