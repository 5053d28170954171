"""What steps did, written down for thousands of members in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

# The key (participation, step, outcome) says that it was done: what is there already is done already.
_KEEP: Final = """
    INSERT INTO journeys_steprecord (participation_id, step, kind, outcome, reason, detail, at)
    SELECT done.*, %(at)s
      FROM unnest(%(participation_id)s::bigint[], %(step)s::smallint[], %(kind)s::text[], %(outcome)s::text[],
                  %(reason)s::text[], %(detail)s::text[]) AS done
"""
_ONCE: Final = _KEEP + " ON CONFLICT DO NOTHING"


class Record(NamedTuple):
    """What a step did for one member, as ``StepRecord`` keeps it: there are thousands of them in a batch."""

    participation_id: int
    step: int
    kind: str
    outcome: str
    reason: str = ""
    detail: str = ""


def keep(records: Sequence[Record], *, once: bool = False, at: datetime) -> None:
    """Write them down in the caller's transaction; with ``once`` what is there already is left alone."""
    if not records:
        return
    columns = {name: [str(value) if isinstance(value, str) else value for value in column]
               for name, column in zip(Record._fields, zip(*records, strict=True), strict=True)}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ONCE if once else _KEEP, {**columns, "at": at})
