"""The group-buy room: a price that several reach together."""

from django.apps import AppConfig


class GroupbuyConfig(AppConfig):
    name = "apps.groupbuy"
    verbose_name = "拼团"
