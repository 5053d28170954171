"""The carts room: what a member is thinking of buying."""

from django.apps import AppConfig


class CartsConfig(AppConfig):
    name = "apps.carts"
    verbose_name = "购物车与收藏"
