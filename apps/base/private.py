"""The place for files that have no address: nothing serves them but a view that asks who wants them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse
from django.utils.deconstruct import deconstructible


@deconstructible
class PrivateStorage(FileSystemStorage):
    """Files under ``PRIVATE_ROOT``, which lies beside ``MEDIA_ROOT`` and which no web server knows."""

    def __init__(self) -> None:
        super().__init__()

    @property
    def base_location(self) -> Any:
        return settings.PRIVATE_ROOT

    @property
    def location(self) -> str:
        return str(settings.PRIVATE_ROOT)

    def url(self, name: str | None) -> str:
        raise ValueError("a private file has no address")


files = PrivateStorage()


def shown(name: str, *, called: str) -> FileResponse:
    """Answer a private file to whoever was found to be allowed to see it: shown, never run, kept by nobody.

    Raises FileNotFoundError.
    """
    answer = FileResponse(files.open(name), filename=called)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
    return answer
