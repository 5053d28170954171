"""The points room: points that members earn and spend."""

from django.apps import AppConfig


class PointsConfig(AppConfig):
    name = "apps.points"
    verbose_name = "积分"
