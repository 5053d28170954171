"""The promotions room: timed offers to everyone."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "apps.promotions"
    verbose_name = "促销"
