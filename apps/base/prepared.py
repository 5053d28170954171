"""Answers that are the same for many, prepared as bytes in Redis, with holes for what changes all the time.

A page is good while everything that it was made of is as it was: the tokens of its topics (``base.versions``), its ``sign``
(whatever else the caller compares), and the time until which it holds. All three are compared at each request with what the
database says in the statement that also reads what fills the holes, so a page is never behind by even one commit; Redis
only saves the work of making it. While Redis is away each request makes its own.
"""

from __future__ import annotations

import pickle
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from django.core.cache import cache

from apps.base import replica, versions
from apps.base.renderers import FastJSONRenderer

# How long a page lies in Redis that nobody asks for, or that something newer replaced under another key.
_KEEP_SECONDS: Final = 3600
# So many pages of a kind, of some ten kilobytes each, lie in each process, and those of them that were asked for before.
MOST_NEAR: Final = 160
# One maker at a time: the others look again this often, for so long, and then make their own.
_LOOK_AGAIN_SECONDS: Final = 0.01
_PATIENCE_SECONDS: Final = 0.3
_HOLE: Final = "hole"


@dataclass(slots=True, eq=False)
class Page:
    """Bytes with a hole between each two ``pieces``; what ``holes`` says of each is the caller's to read.

    Nothing of it changes but ``sign``, for an equal one.
    """

    pieces: tuple[bytes, ...]
    holes: tuple[Any, ...]
    tokens: tuple[str | None, ...]
    sign: Any
    made_at: datetime
    until: datetime

    def filled(self, fillings: Iterable[bytes]) -> bytes:
        """The answer, with one filling for each hole."""
        woven = [piece for pair in zip(self.pieces, fillings, strict=False) for piece in pair]
        return b"".join([*woven, self.pieces[-1]])


class Making:
    """A page under way: hands out the holes while its JSON is put together.

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

    def page(
        self, body: Any, *, tokens: tuple[str | None, ...], sign: Any, at: datetime, until: datetime
    ) -> Page:
        """The finished page. Its holes stand in the order in which the JSON has them."""
        rendered: bytes = FastJSONRenderer().render(body)
        begin, *cut = rendered.split(b'"%s' % self._name.encode())
        pieces, holes = [begin], []
        for part in cut:
            number, _, piece = part.partition(b'":0')
            pieces.append(piece)
            holes.append(self.holes[int(number)])
        return Page(tuple(pieces), tuple(holes), tokens, sign, at, until)


@lru_cache(maxsize=1024)
def _name(kind: str, asked: tuple[object, ...]) -> str:
    told = "\x1f".join(map(str, asked)).encode("utf-8", "surrogatepass")
    return f"page:{kind}:{blake2b(told, digest_size=16).hexdigest()}"


class Pages:
    """The prepared pages of one kind, which rest on these topics."""

    def __init__(self, kind: str, *topics: str) -> None:
        self._kind = kind
        self._topics = topics
        self._near: dict[str, Page] = {}
        self._before: dict[str, Page] = {}

    def tokens(self) -> tuple[str | None, ...]:
        """The tokens of the topics, as this request has read them."""
        known: Mapping[str, str] = versions.current()
        return tuple(
            [known.get(topic) for topic in self._topics]
        )  # a list is made faster than asked one by one

    def key(self, *asked: object) -> str:
        """The name of the page that answers what was asked."""
        return _name(self._kind, asked)

    def kept(self, key: str) -> Page | None:
        """The page as this process, or any, made it last, good or not; None where there is none.

        The pages asked for of late lie in the process as well: Redis costs more than all the rest of a kept page.
        """
        return self.near(key) or self._far(key)

    def near(self, key: str) -> Page | None:
        """The page as this process has it; None where it has none, though Redis may."""
        page = self._near.get(key)
        if page is None and (page := self._before.get(key)) is not None:
            self._put_near(key, page)
        return page

    def _far(self, key: str) -> Page | None:
        packed = cache.read(key)  # type: ignore[attr-defined]  # SoftRedisCache's
        if packed is None:
            return None
        page: Page = pickle.loads(packed)  # noqa: S301 -- what this shop has put into its own Redis
        self._put_near(key, page)
        return page

    def _put_near(self, key: str, page: Page) -> None:
        if len(self._near) >= MOST_NEAR:
            # What is asked for again comes back from there; what is not goes the next time.
            self._before, self._near = self._near, {}
        self._near[key] = page

    def good(self, page: Page | None, *, sign: Any, at: datetime) -> bool:
        """Whether the page is what would be made now."""
        if (
            page is None
            or not page.made_at <= at < page.until
            or page.tokens != self.tokens()
            or None in page.tokens
            or page.sign != sign
        ):
            return False
        page.sign = sign  # to compare what is the same object, and not what another process made, costs next to nothing
        return True

    def made(
        self, key: str, make: Callable[[], Page], *, good: Callable[[Page], bool], looked: bool = False
    ) -> Page:
        """A page that is good: made by this request, or by another that was before it.

        Of many that miss it at once one makes it; the others wait a little for that one. ``looked`` says that ``kept``
        was asked just now.
        """
        page = None if looked else self._far(key)
        if page is not None and good(page):
            return page
        maker = f"{key}:maker"
        mine = cache.add(maker, 1, timeout=5)
        if not mine and not cache.breaker.is_open:  # type: ignore[attr-defined]  # SoftRedisCache has one
            patience = time.monotonic() + _PATIENCE_SECONDS
            while time.monotonic() < patience:
                time.sleep(_LOOK_AGAIN_SECONDS)
                page = self._far(key)
                if page is not None and good(page):
                    return page
        try:
            made = replica.from_primary(make)
        except BaseException:
            if mine:
                cache.delete(maker)
            raise
        # Whoever waits finds it: the page is there before the maker's mark is gone. Another maker's mark stays.
        cache.write(key, pickle.dumps(made, 5), seconds=_KEEP_SECONDS, gone=maker if mine else None)  # type: ignore[attr-defined]  # as above
        self._put_near(key, made)
        return made
