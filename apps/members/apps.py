"""The members room: who the shopper is."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "apps.members"
    verbose_name = "会员"
