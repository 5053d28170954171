"""Codes by which orders are fetched: eight digits to read out, and a picture that is good for some minutes.

A dump of the database gives neither away: what is kept of a code is keyed by SECRET_KEY, and so is the picture's word.
After a change of that key the old one in SECRET_KEY_FALLBACKS still reads what it wrote.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.base import numbers, sealed

DIGITS: Final = 8
# Long enough to walk to the counter, too short for a screenshot to be worth anything.
PICTURE_LIVES: Final = timedelta(minutes=10)
_WORD: Final = re.compile(r"PU([0-9]{1,18})-([0-9]{9,11})-([0-9a-f]{32})")


def draw() -> str:
    """A new code of eight digits."""
    return numbers.digits(DIGITS)


def digest(code: str) -> str:
    """What is kept of a code to find it by: the same for the same code, not to be reckoned without the shop's key."""
    return _signed(code, use="digest", key=settings.SECRET_KEY)


def digests(code: str) -> list[str]:
    """What may be kept of a code, under the key of today and those of before."""
    return [_signed(code, use="digest", key=key) for key in _keys()]


def seal(code: str, *, order_id: int) -> str:
    """The code as it lies with its order's pickup."""
    return sealed.seal(code, about=_about(order_id))


def unseal(kept: str, *, order_id: int) -> str | None:
    """The code again; None for nothing, and for what a key sealed that the shop has not any more."""
    try:
        return sealed.unseal(kept, about=_about(order_id)) if kept else None
    except sealed.Unreadable:
        return None


def word_of(pickup_id: int, *, at: datetime) -> tuple[str, datetime]:
    """The word for a pickup that a picture bears, and until when it is good."""
    until = at.replace(microsecond=0) + PICTURE_LIVES
    told = f"{pickup_id}-{int(until.timestamp())}"
    return f"PU{told}-{_signed(told, use='word', key=settings.SECRET_KEY)[:32]}", until


def read_word(said: str) -> tuple[int, datetime] | None:
    """The pickup that a word is for, and until when it was good; None for one that the shop never gave."""
    found = _WORD.fullmatch(said)
    if found is None:
        return None
    told = f"{found[1]}-{found[2]}"
    if not any(constant_time_compare(_signed(told, use="word", key=key)[:32], found[3]) for key in _keys()):
        return None
    return int(found[1]), datetime.fromtimestamp(int(found[2]), tz=UTC)


def typed(said: str) -> str:
    """What was typed or scanned as it is looked up: the digits, or a picture's word out of the address around it."""
    plain = "".join(said.split())
    found = _WORD.search(plain)
    return found[0] if found else plain.replace("-", "")


def _about(order_id: int) -> str:
    return f"pickup:{order_id}"


def _signed(told: str, *, use: str, key: str) -> str:
    return salted_hmac(f"apps.pickup.codes.{use}", told, secret=key, algorithm="sha256").hexdigest()


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
