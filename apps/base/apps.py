"""The base room: what every room stands on."""

from django.apps import AppConfig
from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.db import reset_queries


class BaseConfig(AppConfig):
    name = "apps.base"
    verbose_name = "基础"

    def ready(self) -> None:
        """Have requests not do what changes nothing here: forget statements that only DEBUG notes down, and close a cache
        whose connections stay."""
        if not settings.DEBUG:
            request_started.disconnect(reset_queries)
        request_finished.disconnect(close_caches)
