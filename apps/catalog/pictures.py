"""Where pictures and videos are found from outside."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile


def address(stored: FieldFile | str | None) -> str | None:
    """Return the absolute URL of a stored file (a field of a row, or its name); None where there is none.

    A storage that answers absolute URLs itself (object storage, CDN) is left alone; a path such as
    ``/media/…`` is served under PUBLIC_BASE_URL.
    """
    name = stored if isinstance(stored, str) else (stored.name if stored else "")
    return absolute(default_storage.url(name)) if name else None


def absolute(url: str) -> str:
    """Return a URL of this shop with its scheme and host."""
    return f"{settings.PUBLIC_BASE_URL}{url}" if url.startswith("/") else url
