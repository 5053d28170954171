"""Public numbers: what the outside sees instead of row ids. They cannot be guessed and read well aloud."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

# No 0/O, 1/I/L, U: what a shopper reads to customer service over the phone must survive it.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_SORTS = len(_LETTERS)


def word(length: int) -> str:
    """Return ``length`` random characters (about 4.9 bits each), of one draw from the system."""
    drawn = secrets.randbelow(_SORTS**length)
    letters = []
    for _ in range(length):
        drawn, letter = divmod(drawn, _SORTS)
        letters.append(_LETTERS[letter])
    return "".join(letters)


def code() -> str:
    """Return the code of a thing for which nobody chose one: eight letters and digits."""
    return word(8)


def digits(length: int) -> str:
    """Return ``length`` random digits, for what is typed on a till's keys and lives only minutes."""
    return f"{secrets.randbelow(10**length):0{length}d}"


def dated(prefix: str, *, at: datetime) -> str:
    """Return prefix + Shanghai date + 12 random characters, e.g. ``SO260101K7M2…``: 20 with a prefix of 2.

    The date helps people file it; the 58 random bits make it unguessable. It starts with a letter, so that
    spreadsheets keep it as text, and fits WeChat's out_trade_no (6–32 of ``[0-9A-Za-z_-|*]``).
    """
    day = at.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%y%m%d")
    return f"{prefix}{day}{word(12)}"
