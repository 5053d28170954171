"""Campaigns as data: the language of ``load_campaigns`` and ``dump_campaigns``, of which each room speaks its part.

A part is a form of entries (pydantic: unknown fields are faults, numbers are whole, times bear an offset), a function that
saves one entry through the room's own service, and one that writes all of them down again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from mall import text as texts
from mall.errors import Fault


def _said(value: Any) -> Any:
    """Times are told in words with an offset: a bare number is none."""
    if isinstance(value, int | float):
        raise ValueError("时间应为带时区的 ISO 8601 文字，例如 2026-11-28T10:00:00+08:00")
    return value


def _sane(moment: datetime) -> datetime:
    """No shop plans beyond these years, and not every one of them exists in every zone."""
    if not 2000 <= moment.year < 2200:
        raise ValueError("时间应在 2000 年到 2199 年之间")
    return moment


def _readable(title: str) -> str:
    """A title in its one form (``mall.text``), with something to be seen."""
    found = texts.plain(title)
    if not texts.is_visible(found):
        raise ValueError("不能为空")
    return found


Fen = Annotated[StrictInt, Field(ge=0, le=10**12)]
Units = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]
Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,40}$")]
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30, strip_whitespace=True),
    AfterValidator(_readable),
]
Flag = StrictBool
When = Annotated[AwareDatetime, BeforeValidator(_said), AfterValidator(_sane)]


class Entry(BaseModel):
    """One entry of a file: what is not named here is a fault, not a surprise."""

    model_config = ConfigDict(extra="forbid")


def _nothing(*_: Any) -> Iterable[Fault]:
    """What is warned of where a room has nothing to warn of."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the file, a list of entries (or one object, where ``single``).

    ``load`` saves an entry, approved, and returns (code, what is printed for it); it raises ShopError for what the
    room refuses, whose details name fields of the entry. ``dump`` writes the entries down, ready to be loaded. ``warn`` says
    of an entry that was saved what an operator's page would warn of: where in the entry, and what.
    """

    name: str
    entry: type[Entry]
    load: Callable[[Any, datetime], tuple[str, Any]]
    dump: Callable[[], Iterable[Entry]]
    single: bool = False
    warn: Callable[[Any, datetime], Iterable[Fault]] = _nothing
