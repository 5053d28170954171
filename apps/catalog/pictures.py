"""How heavy pictures may be, and where pictures and videos are found from outside."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile

# A shopper on the move loads twenty of them in one list.
MAX_PICTURE_BYTES = 5 * 1024 * 1024


def light_enough(stored: FieldFile) -> None:
    """Refuse a picture of more than 5 MB (ValidationError)."""
    try:
        weight = stored.size
    except FileNotFoundError:
        # An old picture whose file is gone does not keep an operator from mending the rest.
        return
    if weight > MAX_PICTURE_BYTES:
        raise ValidationError("图片不能超过 5 MB")


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
