"""The coupons room: coupons that members hold."""

from django.apps import AppConfig


class CouponsConfig(AppConfig):
    name = "apps.coupons"
    verbose_name = "优惠券"
