"""The fulfillment room: freight, parcels and what WeChat is told of them."""

from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    name = "apps.fulfillment"
    verbose_name = "发货"
