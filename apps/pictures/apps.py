"""The pictures app."""

from django.apps import AppConfig


class PicturesConfig(AppConfig):
    """Drawing pictures anew, and where they are found."""

    name = "apps.pictures"
    verbose_name = "图片"
