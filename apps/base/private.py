"""The place for files that have no address: nothing serves them but a view that asks who wants them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, default_storage, storages
from django.db.models import FileField, Model
from django.http import FileResponse
from django.utils.deconstruct import deconstructible

from apps.base import noted

# Whose notes the sweep reads: files here, and files that everybody may fetch and that are no pictures.
_PRIVATE: Final = "private"
PUBLIC: Final = "public"
# Files that no row ever names, with a sweep of their own (``base.held``).
_UNNAMED: Final = ("held/",)
_MOST: Final = 500


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
        """Store a file, noted before: in a transaction that rolls back nothing names it (``forget_unnamed``)."""
        place = self._place()
        if name and not name.startswith(_UNNAMED):
            name = place.get_available_name(name, max_length)
            noted.write(place, name, shelf=_PRIVATE)
        return place.save(name, content, max_length)

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


def note(name: str, *, shelf: str) -> None:
    """Note that a file is about to be stored elsewhere, among the notes that nobody can fetch."""
    noted.write(files._place(), name, shelf=shelf)


def forget_unnamed(*, at: datetime) -> int:
    """Delete files that were stored a day ago and that no row names, of at most 500 here and of as many that everybody
    may fetch; return how many. Pictures have a sweep of their own.

    A row names one by a file column, and by nothing else.
    """
    return sum(_forget(shelf, at=at) for shelf in (_PRIVATE, PUBLIC))


def _forget(shelf: str, *, at: datetime) -> int:
    notes = noted.due(files, shelf=shelf, at=at, limit=_MOST)
    names = {note.name for note in notes}
    gone = names - _named(names, shelf)
    place: Storage = files if shelf == _PRIVATE else default_storage
    for name in gone:
        place.delete(name)
    noted.drop(files, notes)
    return len(gone)


def note_unnamed() -> int:
    """Note the files that former versions left behind, which wrote no notes: those in the columns' folders that no row
    names. Return how many; ``forget_unnamed`` deletes them when a day is over and no row names them still.
    """
    noted_now = 0
    for folder in {str(column.upload_to) for _, column in _columns(_PRIVATE)}:
        try:
            _, found = files.listdir(folder)
        except FileNotFoundError:
            continue
        names = {f"{folder.strip('/')}/{one}" for one in found}
        unnamed = sorted(names - _named(names, _PRIVATE))
        for name in unnamed:
            note(name, shelf=_PRIVATE)
        noted_now += len(unnamed)
    return noted_now


def _named(names: Collection[str], shelf: str) -> set[str]:
    """Those of the names that a row has: one statement for each column that names files of the shelf."""
    found: set[str] = set()
    for model, column in _columns(shelf) if names else ():
        rows = model._base_manager.filter(**{f"{column.attname}__in": names})
        found |= set(rows.values_list(column.attname, flat=True))
    return found


def _columns(shelf: str) -> list[tuple[type[Model], FileField]]:
    """The columns of the shop that name files of a shelf, with their tables."""
    return [
        (model, column)
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, FileField) and isinstance(column.storage, PrivateStorage) == (shelf == _PRIVATE)
    ]


def shown(name: str, *, called: str) -> FileResponse:
    """Answer a private file to whoever was found to be allowed to see it: shown, never run, kept by nobody.

    Raises FileNotFoundError.
    """
    answer = FileResponse(files.open(name), filename=called)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
    return answer
