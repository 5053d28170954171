"""Sheets: lists as CSV that a spreadsheet shows as they are, number by number and name by name.

The one writer of such files; ``tests/architecture/test_sheets.py`` finds any other.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from django.http import StreamingHttpResponse

# Without it Excel takes Chinese for something else.
BOM: Final = "\ufeff"
# What a spreadsheet would run as a formula (OWASP, CSV Injection), full-width signs included. Some pass over blanks
# in front of it.
_FORMULA: Final = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
# What it would turn into another number: too long (it shows 11 digits and keeps 15), with a zero in front, with an
# exponent; and what it would take for a day of the year.
_CHANGED: Final = re.compile(
    r"\s*(?:0\d+|\d[\d,]{11,}|(?:[\d,]*\.\d*|\d+)[eE]\d+|[\d,]+\.\d{10,}|\d{12,}\.\d*|\d{1,2}[-/]\d{1,2})\s*"
)
_LONG: Final = 10**11
_CHUNK: Final = 2_000


def lines(rows: Iterable[Sequence[str | int]]) -> str:
    """Rows as lines of CSV. Texts that a spreadsheet would compute or change stay texts; short ints stay numbers."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def sheet(head: Sequence[str], rows: Iterable[Sequence[str | int]], *, chunk: int = _CHUNK) -> Iterator[str]:
    """A whole sheet, piece by piece: the columns' names, then ``chunk`` rows at a time."""
    yield BOM + lines([head])
    left = iter(rows)
    while piece := list(islice(left, chunk)):
        yield lines(piece)


def download(pieces: Iterable[str], *, name: str) -> StreamingHttpResponse:
    """The answer that saves a sheet as ``<name>.csv`` (ASCII, without the ending)."""
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value if abs(value) < _LONG else _cell(str(value))
    if _FORMULA.match(value):
        return f"'{value}"
    # A tab behind it cannot be seen, and makes the whole a text.
    return f"{value}\t" if _CHANGED.fullmatch(value) else value
