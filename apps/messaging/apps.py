"""The room of messages: what the shop tells members, whether, when and how."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    verbose_name = "消息"
