"""Files that are stored before the row that names them is sure to stay: noted first, swept where no row came.

A transaction that rolls back takes its rows along and leaves its files. Nothing that would tidy up then is sure to run:
Django tells nobody of a rollback, an outer transaction (an operator's page) ends long after whoever stored the file has
returned, and a process that is killed does nothing more. So a note with the file's name is written into the store before
the file, where no transaction reaches it. A day later, when every transaction of that day is over, a sweep asks the rows:
what one names stays, what none names goes, and the note with it. Whoever stores and whoever rolls back need do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

FOLDER: Final = "noted"
# Longer than any transaction, and than a page with a pasted picture stays open.
KEPT_FOR: Final = timedelta(days=1)


class Note(NamedTuple):
    """A file that was stored, or was about to be: where the note of it lies, and the file's own name."""

    path: str
    name: str


def write(place: Storage, name: str, *, shelf: str) -> None:
    """Note that a file is about to be stored. ``place`` keeps the notes, ``shelf`` says whose sweep reads them."""
    place.save(f"{FOLDER}/{shelf}/{uuid4().hex}", ContentFile(name.encode()))


def due(place: Storage, *, shelf: str, at: datetime, limit: int) -> list[Note]:
    """Return at most ``limit`` notes of a shelf that are older than a day."""
    folder = f"{FOLDER}/{shelf}"
    try:
        _, found = place.listdir(folder)
    except FileNotFoundError:
        return []
    notes: list[Note] = []
    for path in (f"{folder}/{one}" for one in found):
        if len(notes) == limit:
            break
        if place.get_modified_time(path) < at - KEPT_FOR:
            with place.open(path) as file:
                notes.append(Note(path, file.read().decode()))
    return notes


def drop(place: Storage, notes: Iterable[Note]) -> None:
    """Forget notes whose files were seen to."""
    for note in notes:
        place.delete(note.path)
