"""Writes down what operators see, export and change: one entry an act, with the row it is about, before and after.

Doors keep the book (``base.asking``, ``base.admin``): whatever a button or a form does is written down there, in the
transaction of what was done. A service that has more to say than its door knows calls ``record``; behind a door its
words become the door's entry, so that nothing is written down twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db.models import Field, Model

from apps.base.models import AuditEntry
from apps.base.personal import board
from apps.base.worded import text_of
from mall.money import priced

# Label, before, after.
Change = tuple[str, str, str]

_UNSAID: Final = "（不记录内容）"


@dataclass(slots=True, kw_only=True)
class Watch:
    """An act under way behind a door, and what the service that does it has to say of it."""

    operator: Any
    row: Model | None
    action: str
    subject: str
    said: bool = False
    note: str = ""

    def about(self, row: Model) -> None:
        """Say which row it was about, where that is known only afterwards."""
        self.row = row
        if not self.said:
            self.subject = name_of(row)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def record(
    *,
    operator: Any,
    action: str,
    subject: str,
    at: datetime,
    note: str = "",
    row: Model | None = None,
    changes: Sequence[Change] = (),
) -> None:
    """Append one audit entry. ``subject`` is a public number or a row's name, never the data itself.

    Behind a door that keeps watch the first call of its operator is kept for the door's own entry.
    """
    watch = _watch.get()
    if watch is not None and watch.operator == operator and not watch.said:
        watch.action, watch.subject, watch.note, watch.said = action, subject, note, True
        watch.row = row if watch.row is None else watch.row
        return
    _append(operator, action, subject, note, at, row or (watch.row if watch else None), changes)


@contextmanager
def watching(
    *, operator: Any, action: str = "", subject: str = "", row: Model | None = None
) -> Iterator[Watch]:
    """Keep watch over an act: what a service records meanwhile is kept for ``close``."""
    watch = Watch(
        operator=operator,
        row=row,
        action=action,
        subject=subject or (name_of(row) if row is not None else ""),
    )
    before = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(before)


def watched() -> Watch | None:
    """The act that is under way, if a door keeps watch."""
    return _watch.get()


def close(watch: Watch, *, told: str, at: datetime, changes: Sequence[Change] = (), once: str = "") -> None:
    """Write down what came of an act: in the service's words where it had some, else in the door's.

    ``once`` is the token of a page that acts once: sent again it did nothing, and nothing is written down.
    """
    if once and AuditEntry.objects.filter(once=once).exists():
        return
    note = watch.note if watch.said else told
    _append(watch.operator, watch.action, watch.subject, note, at, watch.row, changes, once=once)


def _append(
    operator: Any,
    action: str,
    subject: str,
    note: str,
    at: datetime,
    row: Model | None,
    changes: Sequence[Change],
    *,
    once: str = "",
) -> None:
    AuditEntry.objects.create(
        operator=operator if getattr(operator, "pk", None) else None,
        action=action[:40],
        subject=subject[:80],
        note=note[:200],
        kind=row._meta.label_lower if row is not None else "",
        key=str(row.pk) if row is not None else "",
        changes=[list(change) for change in changes] or None,
        once=once,
        at=at,
    )


def name_of(row: Model) -> str:
    """What a row is called in the log: its public number, else its name unless that tells of a person."""
    kind = str(row._meta.verbose_name)
    for column in row._meta.concrete_fields:
        if column.name == "public_id" or (column.name.endswith("_no") and column.unique):
            return f"{kind} {getattr(row, column.attname)}"
    return f"{kind} #{row.pk}" if row._meta.label in _of_people() else f"{kind} {row}"


def columns_of(row: Model) -> dict[str, str]:
    """The columns of a row at hand by label, as operators read them."""
    return {
        label_of(column): shown(column, getattr(row, column.attname)) for column in row._meta.concrete_fields
    }


def between(row: Model, before: Mapping[str, Any], now: Mapping[str, Any] | None = None) -> list[Change]:
    """What changed of a row from ``before`` to ``now``, both of ``values_of``; by default now is what the row says."""
    now = values_of([row]).get(row.pk, {}) if now is None else now
    columns = {column.attname: column for column in row._meta.concrete_fields}
    return [
        (label_of(columns[name]), shown(columns[name], before.get(name)), shown(columns[name], now.get(name)))
        for name in columns
        if before.get(name) != now.get(name)
    ]


def values_of(rows: Sequence[Model]) -> dict[Any, dict[str, Any]]:
    """The columns of rows of one table by key, as the database has them now: one statement. Who is gone is missing."""
    if not rows:
        return {}
    model = type(rows[0])
    key = model._meta.pk.attname
    found = model._base_manager.filter(pk__in=[row.pk for row in rows]).values()
    return {values[key]: values for values in found}


def label_of(column: Field[Any, Any]) -> str:
    """What a column is called on operators' pages."""
    return str(column.verbose_name)


def shown(column: Field[Any, Any], value: Any) -> str:
    """A column's value as operators read it; what tells of a person, and every secret, is not quoted."""
    if is_secret(column):
        return _UNSAID if value else ""
    if column.choices:
        return str(dict(column.flatchoices).get(value, value)) if value is not None else ""
    if column.name.endswith("_fen") and isinstance(value, int):
        return priced(value)
    if column.is_relation:
        # A form's first word for "none" is an empty text.
        return "" if value in (None, "") else _related(column, value)
    return text_of(value)


def is_secret(column: Field[Any, Any]) -> bool:
    """Whether a column holds what the log must not: passwords and keys, and what tells of a person."""
    return column.name in {"password", "key", "token"} or column.name in _of_people().get(
        column.model._meta.label, ()
    )


def _related(column: Field[Any, Any], key: Any) -> str:
    model: Any = column.related_model
    if model._meta.label in _of_people():
        return f"#{key}"
    found = model._base_manager.filter(**{column.target_field.name: key}).first()  # type: ignore[attr-defined]  # a relation's
    return text_of(str(found)) if found is not None else f"#{key}"


@cache
def _of_people() -> dict[str, frozenset[str]]:
    """The tables on the board of personal data, with the columns that tell of a person."""
    return {holding.model: frozenset(holding.personal) for room in board() for holding in room.holdings}
