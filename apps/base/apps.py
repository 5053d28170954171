"""The base room: what every room stands on."""

import threading
from functools import cache
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.cache import caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries


class BaseConfig(AppConfig):
    name = "apps.base"
    verbose_name = "基础"

    def ready(self) -> None:
        """Have requests not do what changes nothing here, which each of them would pay for.

        They forget no statements that only DEBUG notes down, close no cache whose connections stay, look at the age of
        a connection when they end and not when they begin as well, and leave the routes as they are: nobody has others.
        The operators' pages are drawn without working out again what the page has worked out (``admin_drawing``), and their
        forms have manners of their own (``form_manners``).
        """
        if not settings.DEBUG:
            request_started.disconnect(reset_queries)
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_caches)
        request_finished.disconnect(reset_urlconf)
        # Django's memory of it is one for all registries, and emptied by each model that a migration renders.
        apps.get_swappable_settings_name = cache(apps.get_swappable_settings_name)  # type: ignore[method-assign]
        for handler in (connections, caches):
            handler._connections = _of_threads(handler)  # type: ignore[union-attr]  # Django's own
        from apps.base import admin_drawing, form_manners  # -- their packages need the apps to be there

        admin_drawing.once_a_page()
        form_manners.teach()


def _of_threads(handler: Any) -> threading.local:
    """A place for each thread's connections, with those that this one has opened.

    Django looks them up by asgiref, for programs that answer many callers in one thread. That costs ten times as much, and
    an order looks its connection up thirty times. Here a thread answers one caller.
    """
    place = threading.local()
    for alias in handler:
        if hasattr(handler._connections, alias):
            setattr(place, alias, getattr(handler._connections, alias))
    return place
