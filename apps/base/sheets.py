"""Sheets: lists as CSV that a spreadsheet shows as they are, number by number and name by name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

# Without it Excel takes Chinese for something else.
BOM: Final = "\ufeff"
# What a spreadsheet would run as a formula (OWASP, CSV Injection), full-width signs included.
_FORMULA: Final = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
# What it would turn into another number: too long (it keeps 15 digits), with a zero in front, or with an exponent.
_NUMBER: Final = re.compile(r"0\d+|\d{12,}|\d+[eE]\d+")


def lines(rows: Iterable[Sequence[str | int]]) -> str:
    """Rows as lines of CSV. Texts that a spreadsheet would compute or shorten stay texts; ints stay numbers."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    if _FORMULA.match(value):
        return f"'{value}"
    # A tab behind it cannot be seen, and makes the whole a text.
    return f"{value}\t" if _NUMBER.fullmatch(value) else value
