"""What the shop tells members: the language in which a scene says when it is told, of what, and who knows if it is true.

The board is ``config/messages.py``; rooms above are found there by their path, so that this one knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from mall.errors import Fault, Faulty

# What a fact can be; how it is written follows from its kind, never from its reader.
Value = str | int | datetime | date


class FactKind(StrEnum):
    """What a named fact is, and so how it is written in a message."""

    TEXT = "text"  # as it is: 春茶礼盒
    CODE = "code"  # a number of the shop's: SO261128K7M2P9QR
    NUMBER = "number"  # an integer: 3
    FEN = "fen"  # an amount in fen: ¥12.00
    TIME = "time"  # a moment, in Shanghai: 2026年11月28日 20:00
    DAY = "day"  # a Shanghai day: 2026年11月28日


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A fact that operators may put into a text as ``{name}``: what it is, what they call it, and one such."""

    name: str
    kind: FactKind
    label: str
    example: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true of a subject at this moment: a value for each name of the scene.

    ``until`` is when it stops being worth telling, where that is earlier than what the scene says: the order that closes,
    the window that ends.
    """

    values: Mapping[str, Value]
    until: datetime | None = None


# ``reads(subject=…, member_id=…, at=…)``: the facts as they are at this moment, None where there is nothing to tell
# any more. Called in a transaction, when it is told and again when it is sent; it writes nothing and calls nobody.
Reader = Callable[..., Facts | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A line of the board.

    ``moment`` is when the mini program asks for the grant. ``marketing`` is held to the member's switch and the caps;
    what does not ``passes_quiet`` waits for the end of the quiet hours. A message that could not be told within
    ``expires_after`` of its time is dropped. ``inbox_title``, ``inbox_text`` and ``page`` are what holds until operators
    reword it; all may name facts as ``{name}``. ``by_card``: where a 服务动态 card of the subject lives, it tells instead.
    ``asked``: whether the mini program asks for it; a scene of operators' own text is not asked for by itself.
    """

    name: str
    title: str
    moment: str
    names: Sequence[Name] = ()
    reads: str = ""
    marketing: bool = False
    passes_quiet: bool = False
    expires_after: timedelta = timedelta(days=1)
    inbox_title: str = ""
    inbox_text: str = ""
    page: str = ""
    by_card: bool = False
    asked: bool = True

    def reader(self) -> Reader:
        """Who reads what is true. Raises LookupError for a scene that nobody reads yet: nothing can be told of it."""
        if not self.reads:
            raise LookupError(f"scene {self.name} has no reader: a dotted path in config/messages.py")
        found: Reader = import_string(self.reads)
        return found


# The scenes of texts that operators write themselves: mass sends, and journeys, of which more has to be true still.
CAMPAIGN: Final = "campaign"
JOURNEY: Final = "journey"


class SceneUnknown(Faulty):
    """A scene that is not on the board."""

    code = "scene_unknown"

    def __init__(self, name: str) -> None:
        super().__init__([Fault("scene", f"没有「{name[:40]}」这个消息场景")])


def scenes() -> Mapping[str, Scene]:
    """The board (settings.MESSAGE_SCENES), by name and in its order."""
    board: Sequence[Scene] = import_string(settings.MESSAGE_SCENES)
    return {scene.name: scene for scene in board}


def scene_of(name: str) -> Scene:
    """The line of a scene. Raises SceneUnknown."""
    try:
        return scenes()[name]
    except KeyError:
        raise SceneUnknown(name) from None
