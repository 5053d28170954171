"""The complaints room: what shoppers complain of at WeChat, until when it has to be answered, and what was answered."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "apps.complaints"
    verbose_name = "微信投诉"
