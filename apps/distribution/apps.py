"""The distribution room: promoters, whom they brought, and what they earn by it."""

from django.apps import AppConfig


class DistributionConfig(AppConfig):
    name = "apps.distribution"
    verbose_name = "推客"
