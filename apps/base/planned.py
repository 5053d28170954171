"""Statements that every process sends all day: PostgreSQL plans each once for a connection, and then only runs it.

To plan a statement of the hot path costs the server several times what it costs to run it. How it is sent, and where it is
sent as it stands instead, is in the backend (``base.postgresql``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

_PLACE: Final = re.compile(r"\$([0-9]+)")
_SIGNS: Final = re.compile("(%%|%s)")
_NAMED: Final = re.compile(r"%\(([a-z_0-9]+)\)s")
# What a literal of the driver's says of itself; texts and nothing are told by where they stand.
_TYPES: Final[Mapping[type, str]] = {int: "bigint", bool: "boolean", datetime: "timestamptz", date: "date"}


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

    @classmethod
    def of(cls, text: str, types: Sequence[str] = ()) -> Planned:
        """A statement with places ``%s``, as a cursor takes it.

        Where ``types`` has none for a place (or an empty one), PostgreSQL tells the type from where the value stands.
        """
        made = cls.__new__(cls)
        pieces = pieces_of(text)
        casts = [f"::{name}" if name else "" for name in types] or [""] * (len(pieces) - 1)
        numbered = "".join(
            f"{piece}${place}{cast}"
            for place, (piece, cast) in enumerate(zip(pieces[:-1], casts, strict=True), 1)
        )
        numbered += pieces[-1]
        made.name = f"shop_{blake2b(numbered.encode(), digest_size=12).hexdigest()}"
        made.prepare = f"PREPARE {made.name} AS {numbered.replace('%%', '%')}"
        places = ", ".join(["%s"] * len(casts))
        made.execute = f"EXECUTE {made.name} ({places})" if places else f"EXECUTE {made.name}"
        made.plain = "".join(
            f"{piece}%(p{place})s{cast}"
            for place, (piece, cast) in enumerate(zip(pieces[:-1], casts, strict=True), 1)
        )
        made.plain += pieces[-1]
        return made

    def rows(self, *values: Any, ahead: Ahead | None = None) -> list[tuple[Any, ...]]:
        """All rows for these values: one statement.

        ``ahead`` is run before it, by a snapshot of its own, and its rows are dropped; where both were planned, they are one
        message. It needs a transaction (TransactionManagementError).
        """
        rows: list[tuple[Any, ...]] = connections[DEFAULT_DB_ALIAS].planned_rows(self, values, ahead=ahead)  # type: ignore[attr-defined]  # our backend
        return rows

    def last(self, *values: Any) -> None:
        """Run it as the last statement of the open transaction, in one message with COMMIT where that can be.

        For what must be written and judges nothing: its rows are dropped, and its errors are those of COMMIT. Whatever is
        sent behind it comes before it. Raises TransactionManagementError outside a transaction, and in a broken one.
        """
        connections[DEFAULT_DB_ALIAS].planned_last(self, values)  # type: ignore[attr-defined]  # our backend

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """The first row for these values, None where there is none: one statement."""
        return next(iter(self.rows(*values)), None)


class Ahead(NamedTuple):
    """A statement with its values, to be run before another."""

    planned: Planned
    values: Sequence[Any]

    def run(self) -> None:
        """Run it by itself."""
        self.planned.rows(*self.values)


def rows(text: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement as a cursor takes it, with places ``%s`` or ``%(name)s``, none where it answers none.

    For texts that are always the same: each is planned once a connection, for each set of its values' types. A statement
    that writes belongs into a transaction.
    """
    planned, told = ahead(text, values)
    return planned.rows(*told)


def ahead(text: str, values: Mapping[str, Any] | Sequence[Any]) -> Ahead:
    """Such a statement, to be run before another."""
    if isinstance(values, Mapping):
        unnamed, names = _unnamed(text)
        told = [values[name] for name in names]
    else:
        unnamed, told = text, list(values)
    return Ahead(_planned(unnamed, tuple(map(_type, told))), told)


def pieces_of(text: str) -> list[str]:
    """What stands between the places ``%s`` of a text, in which ``%%`` is a sign: also before an s."""
    pieces = [""]
    for part in _SIGNS.split(text):
        if part == "%s":
            pieces.append("")
        else:
            pieces[-1] += part
    return pieces


def array(ids: Iterable[int]) -> str:
    """A bigint[] as PostgreSQL reads it; to quote each of sixty numbers costs more than the statement."""
    return f"{{{','.join(map(str, ids))}}}"


def row(text: str, values: Mapping[str, Any] | Sequence[Any]) -> tuple[Any, ...]:
    """The one row of such a statement."""
    (found,) = rows(text, values)
    return found


def _type(value: Any) -> str:
    if type(value) is list and value and type(value[0]) is int:
        return "bigint[]"
    return _TYPES.get(type(value), "")


@lru_cache(maxsize=256)
def _unnamed(text: str) -> tuple[str, tuple[str, ...]]:
    """A text whose places have no names any more, and the names in their order."""
    return _NAMED.sub("%s", text), tuple(_NAMED.findall(text))


@lru_cache(maxsize=512)
def _planned(text: str, types: tuple[str, ...]) -> Planned:
    return Planned.of(text, types)
