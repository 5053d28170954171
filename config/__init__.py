"""The wiring: how the shop runs."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
