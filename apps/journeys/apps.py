from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "apps.journeys"
    verbose_name = "营销旅程"
