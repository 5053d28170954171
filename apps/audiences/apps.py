"""The audiences room: who the members are as customers, tags on them, and which of them are meant by a set of conditions."""

from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    name = "apps.audiences"
    verbose_name = "会员人群"
