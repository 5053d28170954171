"""Answers that are the same for everybody: each process keeps them as bytes while the tokens of their topics stay.

A room names its answer beside the door that gives it: under which address it is asked for, on which topics all that it is
read from lies (docs/guide/speed.md), and how it is read. The view makes it (``answer``); while it is kept, an early door
answers it, before routes and views are thought of (``storefront.alike_api``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from apps.base import prepared, versions
from apps.base.prepared import Cut, Making
from mall.errors import NotFound


class Alike:
    """One such answer, to a GET of ``address``: a path, with what stands behind its question mark, to the letter.

    ``told`` reads what it says, nothing but tables of the topics, and answers it in the contract's form, None where there
    is none. Each hole that it makes is filled with the shop's time.
    """

    def __init__(self, address: str, *topics: str, told: Callable[[Making], Any]) -> None:
        self.path = address.partition("?")[0]
        self._told = told
        self._kept = versions.Kept(*topics, load=self._made)
        _AT[address] = self

    def answer(self, *, at: datetime) -> HttpResponse:
        """The view's answer at this moment. Raises NotFound where there is none.

        One statement for the tokens, unless the request has read them, and those of ``told`` where they have changed.
        """
        cut = self._kept.value()
        if cut is None:
            raise NotFound
        return HttpResponse(_filled(cut, at=at), content_type="application/json")

    def kept_body(self, *, at: datetime) -> bytes | None:
        """The same, where this process keeps it; None where it is to be made, or there is none. No more than the tokens."""
        cut = self._kept.at_hand()
        return None if cut is None else _filled(cut, at=at)

    def forget(self) -> None:
        """Make it anew when it is next asked for, whatever the tokens say."""
        self._kept.forget()

    def _made(self) -> Cut | None:
        making = Making()
        body = self._told(making)
        return None if body is None else making.cut(body)


# Every answer of the shop, by its address. A room's stand here from when its doors are known.
_AT: Final[dict[str, Alike]] = {}


def asked(request: HttpRequest) -> Alike | None:
    """The answer that a GET asks for, None where it asks for something else."""
    query = request.META.get("QUERY_STRING")
    return _AT.get(f"{request.path}?{query}" if query else request.path)


def addresses() -> list[str]:
    """Under which addresses such answers are given, as far as doors are known."""
    return sorted(_AT)


def forget() -> None:
    """Make all of them anew: the settings have changed, which say where pictures lie, as they do in tests."""
    for each in _AT.values():
        each.forget()


def _filled(cut: Cut, *, at: datetime) -> bytes:
    return cut.filled(prepared.server_time(at) for _ in cut.holes)
