"""Judging a row before it is saved: first its columns, then its room's rules, then what must be unique or hold together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from mall.errors import Fault, Faulty


def refuse(
    refused: type[Faulty], row: Model, rules: Iterable[Fault] = (), *, exclude: Collection[str] = ()
) -> None:
    """Raise ``refused`` with all faults of a row that can be told at once, each at its field; return where there are none.

    ``rules`` are those of the room, asked (they may be a generator) once every column holds what it can hold;
    ``exclude`` are columns that the row's service fills in. The database's own constraints come last, for they know
    only that something is violated.
    """
    for found in (
        lambda: _of_columns(row, exclude),
        lambda: list(rules),
        lambda: _of_constraints(row, exclude),
    ):
        if faults := found():
            raise refused(faults)


def _of_columns(row: Model, exclude: Collection[str]) -> list[Fault]:
    return _told(lambda: row.clean_fields(exclude=exclude))


def _of_constraints(row: Model, exclude: Collection[str]) -> list[Fault]:
    unique = _told(lambda: row.validate_unique(exclude=exclude))
    return unique or _told(lambda: row.validate_constraints(exclude=exclude))


def _told(check: Callable[[], Any]) -> list[Fault]:
    """What Django says is wrong, as faults."""
    try:
        check()
    except ValidationError as refused:
        return [
            Fault("" if name == NON_FIELD_ERRORS else name, text)
            for name, texts in refused.message_dict.items()
            for text in texts
        ]
    return []
