"""The words in which a room says what it holds of a person: what it gives out, erases, keeps and for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Field, Model, QuerySet
from django.utils.module_loading import import_string

Table = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member as every storey may know them: the row's id, WeChat's openid, the number that operators read."""

    member_id: int
    openid: str = field(repr=False)
    public_id: str


class Fate(StrEnum):
    """What becomes of a holding when its person is erased."""

    DELETED = "删除"
    EMPTIED = "清空"
    # Until its time is over, and by nobody but the sweep that then empties it (PIPL Art. 47).
    STORED = "封存至期满"
    # The row stays, tied to a member that names nobody any more.
    NAMELESS = "去标识化后留存"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one table holds of people.

    ``personal`` are the columns that tell of a person, ``plain`` the other columns of free form, which do not.
    ``exported`` names the tables of the file that a member gets; where there is none, ``not_exported`` says why.
    ``kept`` says how long, ``why`` by what right.
    """

    model: str
    personal: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    exported: str = ""
    not_exported: str = ""
    fate: Fate
    kept: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What stands in the way of an erasure: a code for programs, a sentence for the member, numbers of what is open.

    What ``settles_itself`` is the shop's own affair: it holds the erasure up, and is no reason to refuse the asking.
    """

    code: str
    text: str
    numbers: tuple[str, ...] = ()
    settles_itself: bool = False


class Export(Protocol):
    """Reads what a room holds of a person: plain rows under the names of their tables."""

    def __call__(self, person: Person) -> Mapping[str, Table]: ...


class Erase(Protocol):
    """Erases a person from a room, inside the caller's transaction; doing it twice changes nothing."""

    def __call__(self, person: Person, *, at: datetime) -> None: ...


class Sweep(Protocol):
    """Erases at most ``limit`` rows whose time is over, whoever they are of; returns how many."""

    def __call__(self, *, at: datetime, limit: int) -> int: ...


class Overdue(Protocol):
    """Counts rows whose time was over ``at`` and which are there still."""

    def __call__(self, *, at: datetime) -> int: ...


def nothing_erased(person: Person, *, at: datetime) -> None:
    """What a room does whose rows name nobody once the member's own row does not."""


def nothing_open(person: Person) -> Sequence[Open]:
    """What a room says in which nothing stands in the way of an erasure."""
    return ()


def nothing_old(*, at: datetime, limit: int) -> int:
    """What a room does in which nothing has a time of its own."""
    return 0


def none_overdue(*, at: datetime) -> int:
    """The same, counted."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room's part in the board of personal data."""

    name: str
    holdings: tuple[Holding, ...]
    export: Export
    erase: Erase = nothing_erased
    still_open: Callable[[Person], Sequence[Open]] = nothing_open
    forget_old: Sweep = nothing_old
    overdue: Overdue = none_overdue


def board() -> Sequence[Room]:
    """Return the board (``config/personal.py``): the rooms in the order in which they erase."""
    rooms: Sequence[Room] = import_string(settings.PERSONAL_BOARD)
    return rooms


def table(rows: QuerySet[Any], *columns: str, **renamed: str) -> Table:
    """Return rows as people read them: columns under their labels, choices in words, times as ISO 8601.

    ``renamed`` are further columns with labels of their own, for what lies in another table.
    """
    fields: dict[str, tuple[str, Mapping[Any, Any]]] = {}
    for path in (*columns, *renamed.values()):
        column = _column(rows.model, path)
        fields[path] = (str(column.verbose_name), dict(column.flatchoices or ()))
    labels = {path: label for path, (label, _) in fields.items()}
    labels |= {path: label for label, path in renamed.items()}
    return [
        {labels[path]: _said(value, fields[path][1]) for path, value in row.items()}
        for row in rows.values(*fields)
    ]


def _column(model: type[Model], path: str) -> Field[Any, Any]:
    *way, last = path.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    found: Any = model._meta.get_field(last)
    return found


def _said(value: Any, choices: Mapping[Any, Any]) -> Any:
    return str(choices.get(value, value)) if choices else value
