"""Where a picture's files lie and under which address each size is found: a folder by the hash of its content.

A row keeps the name of the full size, ``products/3f9c…/full.jpg``; the smaller ones lie beside it. What lies under
such a name never changes, so that phones may keep it for ever.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models.fields.files import FieldFile

from apps.base import private
from apps.pictures.child import Drawing

SHELF: Final = "pictures"
_SHARE: Final = "SELECT pg_advisory_xact_lock_shared(hashtext('pictures_stored'), hashtext(%s))"
_FULL: Final = re.compile(r"(?P<folder>.+/[0-9a-f]{32})/full\.(?P<kind>jpg|webp)")


class Size(StrEnum):
    """LIST for lists, carts and icons (480 pixels), PAGE for a phone's width (1080), FULL to look closely (2048)."""

    LIST = "list"
    PAGE = "page"
    FULL = "full"


def keep(drawn: Drawing, *, folder: str, salt: str = "") -> str:
    """Store a drawing's files and return the name of the full one. The same drawing twice is the same name.

    ``salt``, where there is one, makes the name one of its own that cannot be guessed from the picture. It is noted
    before: what no row names a day later, because its transaction was rolled back, is deleted (``unnamed``).
    """
    name = name_of(drawn, folder=folder, salt=salt)
    private.note(name, shelf=SHELF)
    # The row that is to name it is seen by nobody yet: the sweep lets be what was stored for an open transaction.
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(_SHARE, [name])
    return put(drawn, place=name.rpartition("/")[0])


def put(drawn: Drawing, *, place: str) -> str:
    """Store a drawing's files in a folder whose name ends with a hash, and return the name of the full one.

    For whoever has a row that names it already, committed; everybody else asks ``keep``.
    """
    # The full size is written last: where it is, the others are.
    for name, content in drawn.files.items():
        _put(f"{place}/{name}", content)
    return f"{place}/full.{drawn.kind}"


def name_of(drawn: Drawing, *, folder: str, salt: str = "") -> str:
    """Return the name under which ``keep`` stores a drawing."""
    mark = sha256(salt.encode())
    for name, content in drawn.files.items():
        mark.update(f"{name}:{len(content)}:".encode())
        mark.update(content)
    return f"{folder.strip('/')}/{mark.hexdigest()[:32]}/full.{drawn.kind}"


def is_drawn(name: str) -> bool:
    """Whether a stored name is one of ours, with all sizes beside it; an upload of former days is not."""
    return _FULL.fullmatch(name) is not None


def sized(name: str, size: Size) -> str:
    """Return the stored name of a size; of a file that was not drawn by us there is only the one."""
    ours = _FULL.fullmatch(name)
    return f"{ours['folder']}/{size}.{ours['kind']}" if ours else name


def delete(name: str) -> None:
    """Delete a picture's files. What is gone already is no fault."""
    ours = _FULL.fullmatch(name)
    if ours is None:
        default_storage.delete(name)
        return
    for size in Size:
        default_storage.delete(f"{ours['folder']}/{size}.{ours['kind']}")
        default_storage.delete(f"{ours['folder']}/{size}.{ours['kind']}.webp")
    # Not every storage knows folders; an empty one harms nobody.
    default_storage.delete(ours["folder"])


def address(stored: FieldFile | str | None, size: Size = Size.PAGE) -> str | None:
    """Return the absolute URL of a stored picture (a field of a row, or its name) in a size; None where there is none.

    A storage that answers absolute URLs itself (object storage, CDN) is left alone; a path such as
    ``/media/…`` is served under PUBLIC_BASE_URL. Other files than pictures have one size.
    """
    name = stored if isinstance(stored, str) else (stored.name if stored else "")
    here = (settings.PUBLIC_BASE_URL, settings.MEDIA_URL, settings.STORAGES["default"]["BACKEND"])
    return _address(name, size, here) if name else None


@lru_cache(maxsize=8192)
def _address(name: str, size: Size, here: tuple[str, ...]) -> str:
    """An address hangs on names and settings alone, which ``here`` tells apart: none is signed (``config.files``)."""
    return absolute(default_storage.url(sized(name, size)))


def absolute(url: str) -> str:
    """Return a URL of this shop with its scheme and host."""
    return f"{settings.PUBLIC_BASE_URL}{url}" if url.startswith("/") else url


def name_at(url: str) -> str | None:
    """Return the stored name of the picture that lies at an address of this shop in any size; None for any other."""
    for here in {settings.MEDIA_URL, absolute(settings.MEDIA_URL)}:
        name = url.removeprefix(here)
        if name != url:
            whole = re.sub(r"/(?:list|page|full)\.(jpg|webp)(?:\.webp)?\Z", r"/full.\1", name)
            return whole if is_drawn(whole) and ".." not in whole else None
    return None


def _put(name: str, content: bytes) -> None:
    """Write a file where it is not there yet; its content is in its name, so whoever was first wrote the same."""
    if default_storage.exists(name):
        return
    kept = default_storage.save(name, ContentFile(content))
    if kept != name:
        default_storage.delete(kept)
