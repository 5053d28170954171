"""How operators type the prices of a group-buy: 「3，5」 people, and a line for each SKU, 「TEA-01：39，35，团长 30」."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError

from apps.groupbuy.terms import LEADER, Terms
from mall import money

_BETWEEN = re.compile(r"[,，;；、/\s]+")
_SIZE = re.compile(r"([1-9][0-9]{0,2})", re.ASCII)
_PEOPLE = re.compile(r"\s*人")
_LEADER = re.compile(r"团长(?:价)?[:：\s]*")


def read_sizes(text: str) -> list[int]:
    """Numbers of people as typed, ``3，5`` or ``3人、5人``, the smallest first. Raises ValidationError."""
    sizes = []
    for part in filter(None, _BETWEEN.split(_PEOPLE.sub("", text))):
        match = _SIZE.fullmatch(part)
        if match is None:
            raise ValidationError(f"无法识别「{part}」，请填写人数，例如 3，5")
        sizes.append(int(match[1]))
    if len(set(sizes)) != len(sizes):
        raise ValidationError("同一人数只能填写一次")
    return sorted(sizes)


def write_sizes(sizes: Sequence[int]) -> str:
    """The numbers as an operator would type them."""
    return "，".join(map(str, sizes))


def read_prices(text: str, sizes: Sequence[int]) -> dict[str, dict[int, int]]:
    """Prices as typed, a SKU on each line, to fen by its code and number of people.

    Each line has the merchant's code, a colon, a price for each of ``sizes`` and perhaps the opener's. Raises
    ValidationError that quotes what cannot be read.
    """
    ladders: dict[str, dict[int, int]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, colon, told = line.replace("：", ":").partition(":")
        code = code.strip()
        if not colon:
            raise ValidationError(f"无法识别「{line}」，每行请写成 商家编码：价格，价格")
        if code in ladders:
            raise ValidationError(f"商家编码「{code}」重复")
        ladders[code] = _ladder(line, told, sizes)
    return ladders


def _ladder(line: str, told: str, sizes: Sequence[int]) -> dict[int, int]:
    goods, leads, leader = _LEADER.sub("\n", told, count=1).partition("\n")
    try:
        prices_fen = [money.parse_yuan(part) for part in filter(None, _BETWEEN.split(goods))]
        leader_fen = money.parse_yuan(leader.strip()) if leads else None
    except ValueError:
        raise ValidationError(f"无法识别「{line}」中的价格，请填写元，最多两位小数") from None
    if len(prices_fen) != len(sizes):
        raise ValidationError(f"「{line}」应有 {len(sizes)} 个价格，对应 {write_sizes(sizes)} 人")
    ladder = dict(zip(sizes, prices_fen, strict=True))
    return ladder if leader_fen is None else {LEADER: leader_fen, **ladder}


def write_prices(terms: Terms, codes: Mapping[int, str]) -> str:
    """The prices as an operator would type them; the reverse of ``read_prices``."""
    lines = []
    for sku_id, ladder in terms.ladders.items():
        told = "，".join(money.yuan(ladder[size]) for size in terms.sizes)
        if LEADER in ladder:
            told += f"，团长 {money.yuan(ladder[LEADER])}"
        lines.append(f"{codes[sku_id]}：{told}")
    return "\n".join(lines)
