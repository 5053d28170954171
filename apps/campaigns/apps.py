"""The campaigns room: what the ways to sell together share."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    verbose_name = "营销活动"
