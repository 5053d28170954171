"""What is rewarded: the language in which a room says whose rewards can be held, and what letting one go means.

The board is ``config/judging.py``; rooms above are found there by their path, so that this one knows none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.risk.models import Look


class Decides(Protocol):
    """Lets one held reward go, or refuses it, in the caller's transaction; ``reason`` is why it was refused.

    It takes its room's locks in the order in which everybody does, and asks under them whether the reward is held: False
    where it is not any more (its room decided, the order went back), and then nothing was changed.
    """

    def __call__(self, look: Look, *, reason: str, operator: Any, at: datetime) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A line of the board: the word, what operators call it, and the dotted paths of its two decisions.

    ``right`` is what deciding about it needs beside the right to judge here (``app.codename``), empty where nothing is:
    the one that its own page asks for.
    """

    name: str
    label: str
    releases: str
    rejects: str
    right: str = ""

    def release(self) -> Decides:
        """What lets a held reward go."""
        found: Decides = import_string(self.releases)
        return found

    def reject(self) -> Decides:
        """What refuses a held reward."""
        found: Decides = import_string(self.rejects)
        return found


def kinds() -> Sequence[Kind]:
    """Return the board (settings.RISK_KINDS)."""
    found: Sequence[Kind] = import_string(settings.RISK_KINDS)
    return found


def names() -> list[str]:
    """The words of the board."""
    return [kind.name for kind in kinds()]


def kind_of(name: str) -> Kind:
    """The line of a kind of reward; every look was written under one."""
    return next(kind for kind in kinds() if kind.name == name)
