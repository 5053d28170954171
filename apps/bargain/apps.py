"""The bargain room: friends cut a price down."""

from django.apps import AppConfig


class BargainConfig(AppConfig):
    name = "apps.bargain"
    verbose_name = "砍价"
