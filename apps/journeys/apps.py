"""The journeys room: what happens to members over days, and what came of it."""

from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "apps.journeys"
    verbose_name = "营销旅程"
