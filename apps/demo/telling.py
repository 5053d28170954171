"""How the demo shop tells what it is making while it is filled, which takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
# What is being made, how many with this one, of how many, and which one.
Tell = Callable[[str, int, int, str], None]


def silent(what: str, done: int, of: int, which: str) -> None:
    """Tell nothing."""


def each(things: Sequence[Thing], *, what: str, named: Callable[[Thing], str], tell: Tell) -> Iterator[Thing]:
    """Yield the things one by one, telling each before it is made."""
    for done, thing in enumerate(things, start=1):
        tell(what, done, len(things), named(thing))
        yield thing
