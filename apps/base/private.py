"""The place for files that have no address: nothing serves them but a view that asks who wants them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.http import FileResponse
from django.utils.deconstruct import deconstructible


@deconstructible
class PrivateStorage(Storage):
    """Files under ``PRIVATE_ROOT``, which lies beside ``MEDIA_ROOT`` and which no web server knows; or in the bucket that
    nobody may read but the shop, where settings name one (STORAGES["private"])."""

    def _place(self) -> Storage:
        if "private" in settings.STORAGES:
            return storages["private"]
        return FileSystemStorage(location=settings.PRIVATE_ROOT)

    def open(self, name: str, mode: str = "rb") -> Any:
        return self._place().open(name, mode)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        return self._place().save(name, content, max_length)

    def delete(self, name: str) -> None:
        self._place().delete(name)

    def exists(self, name: str) -> bool:
        return self._place().exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self._place().listdir(path)

    def size(self, name: str) -> int:
        return self._place().size(name)

    def get_modified_time(self, name: str) -> datetime:
        return self._place().get_modified_time(name)

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
