"""Statements that every process sends all day: PostgreSQL plans each once for a connection, and then only runs it.

To plan a statement of the hot path costs the server several times what it costs to run it. How it is sent, and where it is
sent as it stands instead, is in the backend (``base.postgresql``).
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections

_PLACE: Final = re.compile(r"\$([0-9]+)")


class Planned:
    """A statement with places ``$1``, ``$2`` … for values of these PostgreSQL types, that answers rows.

    Its plan must be a good one for whatever values: the server makes one plan for all.
    """

    def __init__(self, text: str, *types: str) -> None:
        told = f"({', '.join(types)})" if types else ""
        self.name = f"shop_{blake2b(f'{text}{told}'.encode(), digest_size=12).hexdigest()}"
        self.prepare = f"PREPARE {self.name} {told} AS {text}"
        self.execute = (
            f"EXECUTE {self.name} ({', '.join(['%s'] * len(types))})" if types else f"EXECUTE {self.name}"
        )
        self.plain = _PLACE.sub(
            lambda place: f"%(p{place[1]})s::{types[int(place[1]) - 1]}", text.replace("%", "%%")
        )

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """All rows for these values: one statement."""
        rows: list[tuple[Any, ...]] = connections[DEFAULT_DB_ALIAS].planned_rows(self, values)  # type: ignore[attr-defined]  # our backend
        return rows

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """The first row for these values, None where there is none: one statement."""
        return next(iter(self.rows(*values)), None)
