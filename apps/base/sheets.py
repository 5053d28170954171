"""Sheets: lists as CSV or as an Excel workbook that show numbers and names as they are.

The one writer of such files; ``tests/architecture/test_sheets.py`` finds any other. A cell is a text, a count (int), or an
amount with two decimals (``yuan``, ``percent``). A text stays a text whatever it looks like: nothing that a member typed is
computed, no order number loses its last digits.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import IO, Any, Final, NamedTuple

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from mall import money

# Without it Excel takes Chinese for something else.
BOM: Final = "\ufeff"
# What a spreadsheet would run as a formula (OWASP, CSV Injection), full-width signs included. Some pass over blanks
# in front of it.
_FORMULA: Final = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
# What it would turn into another number: too long (it shows 11 digits and keeps 15), with a zero in front, with an
# exponent; what it would take for a day of some year, an hour, a percentage, or for true and false. A whole date in our own
# order (2026-03-02) it may take for one: that is what it is.
_CHANGED: Final = re.compile(
    r"\s*(?:0\d+|\d[\d,]{11,}|(?:[\d,]*\.\d*|\d+)[eE]\d+|[\d,]+\.\d{10,}|\d{12,}\.\d*"
    r"|\d{1,2}[-/]\d{1,2}(?:[-/]\d{1,4})?|\d{1,2}:\d{1,2}(?::\d{1,2})?"
    r"|[\d,.]+\s*%|(?i:true|false))\s*"
)
_LONG: Final = 10**11
_CHUNK: Final = 2_000
# What XML cannot hold: a workbook with one of them does not open.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# The most that a cell and a sheet of Excel hold.
_MOST_LETTERS: Final = 32_767
_MOST_ROWS: Final = 1_048_576
_WIDE: Final = 18
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A piece of a workbook that is sent at once.
_PIECE: Final = 64 * 1024


class TwoDecimals(NamedTuple):
    """A number with two decimals, as hundredths: a text of it in CSV, a number in a workbook."""

    hundredths: int

    def __str__(self) -> str:
        return money.yuan(self.hundredths)


Cell = str | int | TwoDecimals
Row = Sequence[Cell]


def yuan(amount_fen: int) -> TwoDecimals:
    """An amount in yuan."""
    return TwoDecimals(amount_fen)


def percent(rate_bp: int) -> TwoDecimals:
    """A rate in percent; the column's name says so."""
    return TwoDecimals(rate_bp)


class Sheet:
    """A list that is read once, as CSV piece by piece (it is iterated), or as a workbook."""

    def __init__(self, head: Sequence[str], rows: Iterable[Row], *, chunk: int = _CHUNK) -> None:
        self.head = head
        self.rows = rows
        self.chunk = chunk

    def __iter__(self) -> Iterator[str]:
        yield BOM + lines([self.head])
        left = iter(self.rows)
        while piece := list(islice(left, self.chunk)):
            yield lines(piece)


def lines(rows: Iterable[Row]) -> str:
    """Rows as lines of CSV. Texts that a spreadsheet would compute or change stay texts; short ints stay numbers."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def sheet(head: Sequence[str], rows: Iterable[Row], *, chunk: int = _CHUNK) -> Sheet:
    """A whole sheet: the columns' names and its rows, which are read ``chunk`` at a time where they are sent as CSV."""
    return Sheet(head, rows, chunk=chunk)


def workbook(of: Sheet, *, file: IO[bytes]) -> None:
    """Write a sheet into a file as a workbook, row by row: what was written lies on the disk, not in memory.

    Rows above Excel's 1,048,576 go on in another worksheet under the same head.
    """
    import xlsxwriter  # -- 2 MB, where a workbook is written

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(file, options)
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@", "quote_prefix": True})
    amount = book.add_format({"num_format": "0.00"})
    left = iter(of.rows)
    while True:
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        page.set_column(0, max(len(of.head) - 1, 0), _WIDE)
        for column, name in enumerate(of.head):
            page.write_string(0, column, name, bold)
        number = 0
        for number, row in enumerate(islice(left, _MOST_ROWS - 1), start=1):
            for column, value in enumerate(row):
                _write(page, number, column, value, text=text, amount=amount)
        if number < _MOST_ROWS - 1:
            break
    book.close()


def download(of: Iterable[str], *, name: str) -> StreamingHttpResponse:
    """The answer that saves a sheet as ``<name>.csv`` (ASCII, without the ending)."""
    return StreamingHttpResponse(
        of,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def answer(of: Sheet, *, name: str, as_csv: bool = False) -> HttpResponseBase:
    """The answer that saves a sheet as ``<name>.xlsx``, or as CSV for who asks for that."""
    if as_csv:
        return download(of, name=name)
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the answer closes it
    try:
        workbook(of, file=file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    said = FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=_WORKBOOK)
    said.block_size = _PIECE
    return said


def _write(page: Any, number: int, column: int, value: Cell, *, text: Any, amount: Any) -> None:
    if isinstance(value, TwoDecimals):
        page.write_number(number, column, Decimal(str(value)), amount)
    elif isinstance(value, int) and abs(value) < _LONG:
        page.write_number(number, column, value)
    elif value != "":
        told = _UNPRINTABLE.sub("", str(value))[:_MOST_LETTERS]
        # Marked as a text, so that it stays one for whoever edits the cell.
        kept = _FORMULA.match(told) or _CHANGED.fullmatch(told) or told.isdecimal()
        page.write_string(number, column, told, text if kept else None)


def _cell(value: Cell) -> str | int:
    if isinstance(value, TwoDecimals):
        return str(value)
    if isinstance(value, int):
        return value if abs(value) < _LONG else _cell(str(value))
    if _FORMULA.match(value):
        return f"'{value}"
    # A tab behind it cannot be seen, and makes the whole a text.
    return f"{value}\t" if _CHANGED.fullmatch(value) else value
