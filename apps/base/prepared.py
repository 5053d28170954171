"""Answers that are the same for many, prepared as bytes with holes for what changes all the time.

What is prepared is good while everything that it was made of is as it was: its ``basis`` (the tokens of its topics, see
``base.versions``, and whatever else the caller compares) and the time until which it holds. Both are compared at each
request with what the database says in the statement that also reads what fills the holes, so it is never behind by even
one commit. It lies in the process: to ask Redis for it costs nearly as much as to make it (docs/adr/0057).
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from apps.base import days
from apps.base.renderers import FastJSONRenderer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_HOLE: Final = "hole"


class Cut(NamedTuple):
    """Bytes with a hole between each two ``pieces``; what ``holes`` says of each is the caller's to read."""

    pieces: tuple[bytes, ...]
    holes: tuple[Any, ...]

    def filled(self, fillings: Iterable[bytes]) -> bytes:
        """The answer, with one filling for each hole."""
        woven = [piece for pair in zip(self.pieces, fillings, strict=False) for piece in pair]
        return b"".join([*woven, self.pieces[-1]])


@dataclass(slots=True, eq=False)
class Page:
    """A prepared answer, what it rests on, and when it holds. Nothing of it changes."""

    cut: Cut
    basis: Any
    made_at: datetime
    until: datetime

    def good(self, basis: Any, *, at: datetime) -> bool:
        """Whether the page is what would be made now."""
        return self.made_at <= at < self.until and self.basis == basis


class Making:
    """An answer under way: hands out the holes while its JSON is put together.

    A hole is a key of a JSON object, with a value of no meaning; the filling replaces both. Its name is random, so that no
    text of the shop's can be taken for one.
    """

    def __init__(self) -> None:
        self._name = f"{_HOLE}{secrets.token_hex(12)}-"
        self.holes: list[Any] = []

    def hole(self, what: Any) -> dict[str, int]:
        """A member of a JSON object that stands for ``what``, to be put where the filling goes."""
        self.holes.append(what)
        return {f"{self._name}{len(self.holes) - 1}": 0}

    def cut(self, body: Any) -> Cut:
        """The JSON of what was put together. Its holes stand in the order in which the JSON has them."""
        begin, *rest = rendered(body).split(b'"%s' % self._name.encode())
        pieces, holes = [begin], []
        for part in rest:
            number, _, piece = part.partition(b'":0')
            pieces.append(piece)
            holes.append(self.holes[int(number)])
        return Cut(tuple(pieces), tuple(holes))


def rendered(body: Any) -> bytes:
    """The JSON of an answer, as views render it."""
    return FastJSONRenderer().render(body)


def server_time(at: datetime) -> bytes:
    """What fills a hole for the shop's time."""
    return b'"server_time":"%s"' % days.told(at).encode()


class Near(Generic[K, V]):
    """What lies in the process, by name: the last ``most``, and those of the ``most`` before that were asked for since.

    All threads share it. Two that make room at once lose what nobody has asked for of late, which is made again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._near: dict[K, V] = {}
        self._before: dict[K, V] = {}

    def get(self, name: K) -> V | None:
        """What lies there under this name, good or not; None where nothing does."""
        found = self._near.get(name)
        if found is None and (found := self._before.get(name)) is not None:
            self.put(name, found)
        return found

    def put(self, name: K, value: V) -> None:
        """Put something there, and forget what was not asked for since there was room the last time."""
        if len(self._near) >= self._most and name not in self._near:
            # What is asked for again comes back from there; what is not goes the next time.
            self._before, self._near = self._near, {}
        self._near[name] = value
