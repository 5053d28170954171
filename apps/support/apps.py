"""The support room: asking members what they think."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "apps.support"
    verbose_name = "客户支持"
