"""Pictures that were stored for a row that never came, because its transaction was rolled back, are deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.base import noted, private
from apps.pictures import stored, users

# Those of the names that nobody stores at this moment, in a transaction that nobody sees yet (``stored.keep``).
_LET_BE: Final = """
    SELECT name FROM unnest(%s::text[]) AS name
     WHERE pg_try_advisory_xact_lock(hashtext('pictures_stored'), hashtext(name))
"""


def forget(*, at: datetime, limit: int = 200) -> int:
    """Delete pictures that were stored a day ago and that no column of the shop names; return how many.

    Every column that names pictures is asked (``config/pictures.py``), registers too.
    """
    notes = noted.due(private.files, shelf=stored.SHELF, at=at, limit=limit)
    if not notes:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LET_BE, [sorted({note.name for note in notes})])
            free = {name for (name,) in cursor.fetchall()}
        gone = free - users.named(free)
        for name in gone:
            stored.delete(name)
    noted.drop(private.files, [note for note in notes if note.name in free])
    return len(gone)
