"""The storefront room: what shoppers look at: shelf, product page, cart; and how the shop introduces itself."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "apps.storefront"
    verbose_name = "店铺前台"
