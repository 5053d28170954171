"""WeChat Pay's bills (对账单): a day's payments and refunds, and how the balance moved; proved by hash, read line by line.

None of these may be called inside a database transaction. Source: 微信支付 APIv3, 申请交易账单, 申请资金账单, 下载账单.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import gateway

TRADE: Final = "TRADE"
FUND: Final = "FUND"
_PATHS: Final[Mapping[str, str]] = {
    TRADE: "/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP",
    FUND: "/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP",
}
_NOT_YET: Final = "STATEMENT_CREATING"
_NOTHING: Final = "NO_STATEMENT_EXIST"
# A million lines of a bill are some 40 MB packed and 300 MB plain.
_MOST_BYTES: Final = 1024 * 1024 * 1024
_WITHIN_S: Final = 600.0
_PIECE: Final = 1024 * 1024
# The first column of the head above the last line, which sums the others up.
_SUMMARY: Final[Mapping[str, str]] = {TRADE: "总交易单数", FUND: "资金流水总笔数"}


class NotYet(Exception):
    """WeChat is still writing that day's bill; ask again in half an hour."""


class NoBill(Exception):
    """Nothing happened on that day."""


class BadBill(Exception):
    """What was downloaded is not the bill that WeChat announced; ``args[0]`` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: its place in the file (the first is 1) and its values by the names of the head."""

    number: int
    values: Mapping[str, str]


class Bill:
    """A whole bill whose hash was right: its lines, and what its last line says of all of them."""

    def __init__(self, kind: str, file: BinaryIO, digest: str) -> None:
        self.kind = kind
        self.digest = digest
        self.summary: Mapping[str, str] = {}
        self._file = file

    def lines(self) -> Iterator[Line]:
        """Each line as it is read. Raises BadBill where the file ends before its summary, or a line has other columns."""
        self._file.seek(0)
        with io.TextIOWrapper(self._file, encoding="utf-8-sig", newline="") as text:
            yield from self._read(csv.reader(text))

    def _read(self, rows: Iterator[list[str]]) -> Iterator[Line]:
        try:
            head = next(rows, [])
            if len(head) < 2:
                raise BadBill("has no head")
            for number, row in enumerate(rows, start=1):
                if row and row[0].lstrip("`") == _SUMMARY[self.kind]:
                    self._sum_up(row, next(rows, []))
                    return
                if len(row) != len(head):
                    raise BadBill(f"line {number} has {len(row)} columns of {len(head)}")
                yield Line(number, dict(zip(head, map(_plain, row), strict=True)))
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadBill(f"cannot be read: {type(error).__name__}") from None
        raise BadBill("ends before its summary")

    def _sum_up(self, head: list[str], row: list[str]) -> None:
        if len(head) != len(row):
            raise BadBill("has a summary of other columns")
        self.summary = dict(zip(map(_plain, head), map(_plain, row), strict=True))


@contextmanager
def fetched(*, kind: str, day: date) -> Iterator[Bill]:
    """The bill of a Shanghai day, in a file that is gone afterwards.

    Raises NotYet, NoBill, BadBill (another hash, or cut off), PayRefused, WechatUnavailable.
    """
    told = _announced(kind, day)
    with tempfile.TemporaryFile() as packed, tempfile.TemporaryFile() as plain:
        gateway.fetch(told["download_url"], into=packed, most_bytes=_MOST_BYTES, within_s=_WITHIN_S)
        digests = {_hash(packed), _unpack(packed, plain)}
        if told["hash_type"] != "SHA1" or told["hash_value"].lower() not in digests:
            raise BadBill("has another hash than WeChat said")
        yield Bill(kind, plain, told["hash_value"].lower())


def _announced(kind: str, day: date) -> Mapping[str, str]:
    path = _PATHS[kind].format(day=day.isoformat())
    try:
        told = gateway.asked(lambda pay: pay._core.request(path))
    except wechat_errors.PayRefused as refused:
        if refused.errcode == _NOT_YET:
            raise NotYet from None
        if refused.errcode == _NOTHING:
            raise NoBill from None
        raise
    return _texts(told)


def _texts(told: Any) -> Mapping[str, str]:
    names = ("hash_type", "hash_value", "download_url")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        raise wechat_errors.WechatBadAnswer("an announced bill has no address or no hash")
    return told


def _hash(file: BinaryIO) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    file.seek(0)
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _unpack(packed: BinaryIO, plain: BinaryIO) -> str:
    """Write the text into ``plain`` and return its hash. WeChat's documents leave open which of the two is hashed."""
    digest = hashlib.sha1(usedforsecurity=False)
    packed.seek(0)
    is_packed = packed.read(2) == b"\x1f\x8b"
    packed.seek(0)
    source = gzip.GzipFile(fileobj=packed) if is_packed else packed
    size = 0
    try:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > _MOST_BYTES:
                raise BadBill("is too large")
            digest.update(piece)
            plain.write(piece)
    except (OSError, EOFError) as error:
        raise BadBill(f"does not unpack: {type(error).__name__}") from None
    return digest.hexdigest()


def _plain(value: str) -> str:
    """A value without the backtick that keeps spreadsheets from spoiling long numbers."""
    return value.removeprefix("`")
