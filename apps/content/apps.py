"""The content room: what members say of goods, and whether everybody may see it."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "apps.content"
    verbose_name = "评价"
