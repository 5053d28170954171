"""Files of card keys: which columns they have, and what a row of them says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from apps.base import filled_sheets
from apps.base.filled_sheets import Columns, Unfit
from apps.cardkeys.models import LONGEST_NUMBER
from mall import text as texts

LONGEST_SECRET: Final = 200


class Row(NamedTuple):
    """One row: its number in the file (the first is 1), the merchant's code, the card's number and secret."""

    number: int
    sku_code: str
    card_no: str
    secret: str


def read(content: bytes) -> list[Row]:
    """Return the rows of a file in their order, without empty ones. Raises FileUnreadable, Faulty (``filled_sheets``)."""
    return filled_sheets.read(content, columns=_COLUMNS)


def _row(number: int, said: Mapping[str, str]) -> Row:
    if any(len(said[column].splitlines()) > 1 for column in ("card_no", "secret")):
        # Two cards in one cell, or rows behind a quotation mark that nobody closed: joined they would be a card of nobody.
        raise Unfit('卡号或卡密中有换行，请每行只填一张；卡密含双引号（"）时请用 Excel（.xlsx）文件')
    card_no, secret = texts.code(said["card_no"]), texts.plain(said["secret"])
    if not 1 <= len(card_no) <= LONGEST_NUMBER:
        raise Unfit(f"卡号应为 1 到 {LONGEST_NUMBER} 个字")
    if not 1 <= len(secret) <= LONGEST_SECRET:
        raise Unfit(f"卡密应为 1 到 {LONGEST_SECRET} 个字")
    return Row(number=number, sku_code=texts.code(said["sku_code"]), card_no=card_no, secret=secret)


_COLUMNS: Final = Columns(
    names={
        "sku_code": ("商品编码", "SKU编码", "规格编码", "SKU", "商家编码"),
        "card_no": ("卡号", "序列号", "券号", "账号"),
        "secret": ("卡密", "密码", "卡密码", "兑换码", "激活码"),
    },
    needed=("sku_code", "card_no", "secret"),
    row=_row,
    verbatim=("card_no", "secret"),
)
