"""Reads lists that operators filled in, CSV or Excel: bounded before anything is unpacked, each row with its number.

Nothing is guessed that would put a wrong number into the shop: a formula, a number that Excel has rewritten, a workbook with
macros are refused with what to do instead. ``sheets`` writes such files.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

from mall import text as texts
from mall.errors import Fault, Faulty, Invalid

_Row = TypeVar("_Row")

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_ROWS: Final = 1_000
# What a workbook of so many rows unpacks to is far below it; a bomb is far above.
_MOST_UNPACKED: Final = 32 * 1024 * 1024
_MOST_PARTS: Final = 500
_MOST_COLUMNS: Final = 60
_MOST_LETTERS: Final = 300
_MOST_FAULTS: Final = 50
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
# How a workbook begins, of either form.
WORKBOOKS: Final = (_ZIP, _OLD_EXCEL)
# Excel keeps fifteen digits; what is longer was changed.
_EXACT: Final = 10**15
# As Excel, Java and others write what they rewrote: 1.23457E+18, 1.23E14, 1E+15. A code such as 12E34567 is none.
_REWRITTEN: Final = re.compile(r"[+-]?[0-9](?:\.[0-9]+[eE]\+?|[eE]\+)[0-9]+")
# ="1234", as people write numbers into CSV so that Excel leaves them alone.
_QUOTED: Final = re.compile(r'="([^"=]*)"')
_FORMULA: Final = re.compile(r"[=@＝＠]|[+\-＋－][^0-9]")
_REWRITTEN_TEXT: Final = (
    "「{shown}」已被 Excel 改写为科学计数或丢失末尾数字，请把该列设为「文本」格式后重新填写原单号"
)


class FileUnreadable(Invalid):
    """The file is none that can be read, or larger than it may be; the sentence says what to do instead."""

    code = "file_unreadable"
    message = "无法读取文件，请上传 CSV 或 Excel（.xlsx）文件"


class Unfit(ValueError):
    """A cell that cannot be taken; the text says why."""


class Columns(NamedTuple, Generic[_Row]):
    """What a list is asked for: its columns by the names that they may have, which are needed, and what a row becomes.

    Names are matched in whatever signs, with a star or a note in brackets behind them. ``row`` gets the row's number in the
    file (the first is 1) and its cells as texts, empty where there is none; it raises Unfit for one that cannot be taken.

    A text of ``verbatim`` may begin as formulas do, for passwords are any signs. A number of ``amounts`` may have decimals.
    """

    names: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    row: Callable[[int, Mapping[str, str]], _Row]
    verbatim: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()


class UnfitRow(NamedTuple):
    """A row that cannot be taken: its number in the file, and why."""

    number: int
    text: str

    @property
    def sentence(self) -> str:
        """As operators read it."""
        return f"第 {self.number} 行：{self.text}"


class Sheet(NamedTuple, Generic[_Row]):
    """What a file says: the rows that can be taken, and those that cannot, each in the order of the file."""

    rows: list[_Row]
    unfit: list[UnfitRow]


def read(content: bytes, *, columns: Columns[_Row]) -> list[_Row]:
    """Return the rows of a file in their order, without empty ones.

    Raises FileUnreadable for the whole, and Faulty with a sentence for each row (第 n 行) that cannot be taken.
    """
    sheet = read_through(content, columns=columns)
    if sheet.unfit:
        faults = [Fault("file", unfit.sentence) for unfit in sheet.unfit[:_MOST_FAULTS]]
        more = [Fault("file", "错误过多，其余未列出")] if len(sheet.unfit) >= _MOST_FAULTS else []
        raise Faulty([*faults, *more])
    return sheet.rows


def read_through(content: bytes, *, columns: Columns[_Row]) -> Sheet[_Row]:
    """Return the rows of a file beside those that cannot be taken, for whoever judges both before telling anything.

    Raises FileUnreadable for the whole.
    """
    if len(content) > MOST_BYTES:
        raise FileUnreadable(f"文件不能超过 {MOST_BYTES // 1024 // 1024} MB，请分成几份")
    if content.startswith(_OLD_EXCEL):
        raise FileUnreadable("这是旧版 Excel（.xls）或加密的文件，请另存为未加密的 .xlsx 或 CSV")
    cells = _of_workbook(content) if content.startswith(_ZIP) else _of_csv(content)
    return _rows(cells, columns)


def _rows(cells: Iterator[tuple[int, Sequence[Any]]], columns: Columns[_Row]) -> Sheet[_Row]:
    """Read the head, then each row below it."""
    first = next(((number, row) for number, row in cells if any(_is_written(cell) for cell in row)), None)
    if first is None:
        raise FileUnreadable("文件是空的")
    places = _places(first[1], columns)
    sheet: Sheet[_Row] = Sheet([], [])
    for number, row in cells:
        if not any(_is_written(row[place]) for place in places.values() if place < len(row)):
            continue
        if len(sheet.rows) + len(sheet.unfit) >= MOST_ROWS:
            raise FileUnreadable(f"一次最多导入 {MOST_ROWS} 行，请分成几份")
        try:
            sheet.rows.append(columns.row(number, _texts_of(row, places, columns)))
        except Unfit as unfit:
            sheet.unfit.append(UnfitRow(number, str(unfit)))
    if not sheet.rows and not sheet.unfit:
        raise FileUnreadable("表头下面没有内容")
    return sheet


def _places(head: Sequence[Any], columns: Columns[_Row]) -> dict[str, int]:
    """Where each column stands, by the head's words. Raises FileUnreadable."""
    said = [
        re.sub(r"[（(\[【*＊].*", "", texts.code(str(cell or ""))).upper() for cell in head[:_MOST_COLUMNS]
    ]
    places: dict[str, int] = {}
    for column, names in columns.names.items():
        found = [place for place, word in enumerate(said) if word in names]
        if len(found) > 1:
            raise FileUnreadable(f"表头中「{said[found[0]]}」类的列有 {len(found)} 个，请只保留一个")
        if found:
            places[column] = found[0]
    missing = [columns.names[column][0] for column in columns.needed if column not in places]
    if missing:
        raise FileUnreadable(f"第一行应为表头，缺少列：{'、'.join(missing)}")
    return places


def _texts_of(row: Sequence[Any], places: Mapping[str, int], columns: Columns[_Row]) -> dict[str, str]:
    """A row's cells by column. Raises Unfit where a needed one is empty, or one says what nobody typed."""
    said = dict.fromkeys(columns.names, "")
    for column, place in places.items():
        cell = row[place] if place < len(row) else None
        said[column] = _said(cell, verbatim=column in columns.verbatim, amount=column in columns.amounts)
    for column in columns.needed:
        if not said[column]:
            raise Unfit(f"缺少{columns.names[column][0]}")
    return said


class _Formula(str):
    """What stands behind the sign of a workbook's formula: none of the texts that only look like one."""


def _said(cell: Any, *, verbatim: bool, amount: bool) -> str:
    """A cell as a text. Raises Unfit for one that says something else than was once typed into it."""
    if cell is None:
        return ""
    if isinstance(cell, bool | datetime | date | time):
        raise Unfit("单元格是日期或逻辑值，请设为「文本」格式后重新填写")
    if amount and isinstance(cell, float):
        return repr(cell)  # the fewest digits that are this number: 12.3 as it was typed
    if isinstance(cell, int | float):
        if not abs(cell) < _EXACT or cell != int(cell):  # also what is no number
            raise Unfit(_REWRITTEN_TEXT.format(shown=f"{cell:.6G}"))
        return str(int(cell))
    said = str(cell).strip()
    quoted = _QUOTED.fullmatch(said)
    said = quoted[1] if quoted else said
    if len(said) > _MOST_LETTERS:
        raise Unfit(f"单元格超过 {_MOST_LETTERS} 字")
    if (isinstance(cell, _Formula) and not quoted) or (not verbatim and _FORMULA.match(said)):
        raise Unfit(f"「{said[:20]}」是公式，请粘贴为数值")
    if _REWRITTEN.fullmatch(said):
        raise Unfit(_REWRITTEN_TEXT.format(shown=said[:20]))
    return said


def _is_written(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or texts.is_visible(cell))


def _of_csv(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a CSV: UTF-8 with or without its mark, UTF-16 as Excel's 「Unicode 文本」, or GBK (GB 18030)."""
    said = _decoded(content)
    head = said.partition("\n")[0]
    separator = max(",\t;，", key=head.count)
    if "\0" in said:
        raise FileUnreadable
    try:
        for number, row in enumerate(csv.reader(io.StringIO(said, newline=""), delimiter=separator), start=1):
            yield number, row[:_MOST_COLUMNS]
    except csv.Error as error:
        raise FileUnreadable from error


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileUnreadable("无法识别文件的编码，请另存为 UTF-8 或 GBK 编码的 CSV，或 .xlsx")


def _of_workbook(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a workbook's first sheet, read as they come: nobody unpacks more than is asked for."""
    import openpyxl  # a file is imported now and then; every process would carry it

    _weigh(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=False, keep_links=False
            )
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the sheet says of its own size need not be true
            for number, row in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), start=1):
                yield number, [_cell(cell) for cell in row]
    except (Faulty, FileUnreadable):
        raise
    except Exception as error:  # openpyxl refuses broken files in a dozen ways
        raise FileUnreadable("Excel 文件已损坏或不是 .xlsx，请另存后重试") from error


def _cell(cell: Any) -> Any:
    """A cell's value; a formula as what stands behind its sign, so that it is refused as one."""
    if cell.data_type == "f":
        return _Formula(f"={str(cell.value).lstrip('=')[:20]}")
    if cell.data_type == "e":
        return _Formula("=错误值")
    return cell.value


def _weigh(content: bytes) -> None:
    """Refuse a workbook by what it says it unpacks to, before anything of it is unpacked. Raises FileUnreadable.

    The library that unpacks keeps to what the parts say of their sizes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = list(islice(archive.infolist(), _MOST_PARTS + 1))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileUnreadable("Excel 文件已损坏或不是 .xlsx，请另存后重试") from error
    names = {part.filename.lower() for part in parts}
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise FileUnreadable("文件含有宏，请另存为不含宏的 .xlsx 或 CSV")
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise FileUnreadable(f"Excel 内容过多，一次最多导入 {MOST_ROWS} 行，请分成几份")
