"""What can be shared: the language in which any room says what its thing looks like on a card, and the board of kinds.

The board is ``config/sharing.py``: a line names a kind, the mini program's page that opens it, and who knows its things.
Rooms above and below are found there by their path, so that this one knows none of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from django.conf import settings
from django.utils.module_loading import import_string

from apps.base import days
from mall.errors import Invalid, NotFound, ShopError
from mall.errors import Kind as RefusalKind


class KindUnknown(Invalid):
    """No word for anything that can be shared; ``details.kind`` lists those there are."""

    code = "share_kind_unknown"
    message = "不支持分享这类内容"


class ThingIdInvalid(Invalid):
    """A number where things of this kind have texts for ids, or a text where they have numbers."""


class NothingToShare(NotFound):
    """There is no such thing, or shoppers may not see it (yet)."""

    code = "share_not_found"
    message = "分享的内容不存在或暂不可见"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a group has come, for the card that goes on telling: at most ``limit``, ``begun`` once they are together."""

    members: int
    limit: int
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A thing as friends are shown it. ``subject`` is its id as everybody writes it, ``query`` what its page needs.

    ``picture`` is the stored name of one. A price is of a moment: posters print it with the day it was read on.
    ``until`` is when the offer ends.
    """

    subject: str
    title: str
    query: Mapping[str, str]
    picture: str = ""
    price_fen: int | None = None
    price_label: str = ""
    until: datetime | None = None
    progress: Progress | None = None

    def without_offer(self) -> Card:
        """The card of a thing that nobody can buy any more: it shows what it was, no price and no end."""
        return replace(self, price_fen=None, price_label="", until=None)

    def sign(self, *, at: datetime) -> str:
        """Another value whenever a poster of it would look different: once a day where there is a price."""
        shown: list[Any] = [self.title, self.picture, self.price_fen, self.price_label]
        shown.append(self.until.isoformat() if self.until else "")
        shown.append("" if self.price_fen is None else str(days.shop_day(at)))
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


class Finds(Protocol):
    """Knows the things of a kind: the id as a request says it (a number or a text), for this member at this moment.

    Raises NotFound, or a refusal of that kind, for what is not there and for what shoppers may not see.
    """

    def __call__(self, said: int | str, *, member_id: int, at: datetime) -> Card: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A line of the board: the word, what operators call it, the page without leading slash, the dotted path of its Finds.

    ``numbered``: its things have numbers for ids, not texts.
    """

    name: str
    label: str
    page: str
    finds: str
    numbered: bool = False

    def path(self, query: Mapping[str, str], token: str = "") -> str:
        """What onShareAppMessage takes: the page with its query and the token; without one, what the page needs."""
        asked = {**query, "share_token": token} if token else query
        return f"/{self.page}?{urlencode(asked)}"

    def said(self, subject: str) -> int | str:
        """The id as requests say it."""
        return int(subject) if self.numbered else subject


class Lands(Protocol):
    """Does something about a member who came by another's share, in the visit's transaction; refuses nobody."""

    def __call__(self, share: Any, *, member: Any, at: datetime) -> None: ...


def landings() -> Sequence[Lands]:
    """Return who is told of members who come by a share (settings.SHARE_LANDINGS), in their order."""
    return [import_string(path) for path in import_string(settings.SHARE_LANDINGS)]


def board() -> Sequence[Kind]:
    """Return the board (settings.SHARE_KINDS)."""
    kinds: Sequence[Kind] = import_string(settings.SHARE_KINDS)
    return kinds


def names() -> list[str]:
    """The words of the board."""
    return [kind.name for kind in board()]


def kind_of(name: object) -> Kind:
    """The line of a word. Raises KindUnknown, and NothingToShare for a word that has no things yet (SHARE_COMING)."""
    found = next((kind for kind in board() if kind.name == name), None)
    if found is not None:
        return found
    if name in import_string(settings.SHARE_COMING):
        raise NothingToShare
    raise KindUnknown(details={"kind": [f"应为 {'、'.join(kind.name for kind in board())} 之一"]})


def find(kind: Kind, said: int | str, *, member_id: int, at: datetime) -> Card:
    """The thing that was named, without its offer once that is over. Raises NothingToShare, ThingIdInvalid."""
    if isinstance(said, int) != kind.numbered:
        raise ThingIdInvalid(details={"id": ["内容编号应为整数" if kind.numbered else "内容编号应为文字"]})
    finds: Finds = import_string(kind.finds)
    try:
        card = finds(said, member_id=member_id, at=at)
    except ShopError as refused:
        # Rooms say in words of their own that there is no such thing.
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise
        raise NothingToShare from None
    return card if card.until is None or at < card.until else card.without_offer()
