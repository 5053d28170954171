"""How operators type an offer's figures: 「100-15」 for a step, 「8.5」 for a discount, 「TEA-01×2」 for goods.

Whether the figures make sense is the offer's to say; here only what cannot be read is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.promotions import wording
from mall import money

_BETWEEN = re.compile(r"[,，;；、\s]+")
# A step as it is said, in one piece: blanks and units between the two figures do not part it.
_STEP = re.compile(
    r"(?:每?\s*满)?\s*[¥￥]?\s*([0-9.]+)\s*(?:元|件)?\s*[,，]?\s*(?:[-－–—~～]|立?减)\s*[¥￥]?\s*([0-9.]+)\s*元?"
)
_PIECES = re.compile(r"[1-9][0-9]{0,5}")
_TENTHS = re.compile(r"[0-9](\.[0-9]{1,3})?")
_GOODS = re.compile(r"([^\s×*:：]{1,40}?)(?:[×*xX]([1-9][0-9]{0,2}))?")


def read_steps(text: str, *, by_pieces: bool) -> list[list[int]]:
    """Steps as typed, ``100-15，199-30``, to ``[[10000, 1500], [19900, 3000]]``; by pieces the first are pieces.

    As it is said does as well: 「满199减20」, 「满 3 件，减 20 元」, 「￥199－￥20」.
    Raises ValidationError that quotes what cannot be read. Whether the steps make sense is the offer's to say.
    """
    steps = []
    for part in filter(None, _BETWEEN.split(_STEP.sub(r"\1-\2，", text))):
        at_least, _, off = part.partition("-")
        try:
            steps.append(
                [_pieces(at_least) if by_pieces else money.parse_yuan(at_least), money.parse_yuan(off)]
            )
        except ValueError:
            example = "3-20（满 3 件减 20 元）" if by_pieces else "100-15（满 100 元减 15 元）"
            raise ValidationError(f"无法识别「{part}」，每档请写成 {example}") from None
    return steps


def write_steps(steps: list[list[int]], *, by_pieces: bool) -> str:
    """The steps as an operator would type them; the reverse of ``read_steps``."""
    return "，".join(
        f"{at_least if by_pieces else wording.short_yuan(at_least)}-{wording.short_yuan(off_fen)}"
        for at_least, off_fen in steps
    )


def _pieces(text: str) -> int:
    if _PIECES.fullmatch(text) is None:
        raise ValueError(f"not a number of pieces: {text!r}")
    return int(text)


def read_ladder(text: str) -> list[list[int]]:
    """Steps of a step-up price as typed, ``100-5，200-7.5``, to ``[[100, 5000], [200, 2500]]``.

    Raises ValidationError that quotes what cannot be read.
    """
    steps = []
    for part in filter(None, _BETWEEN.split(text)):
        units, _, tenths = part.partition("-")
        if not (_PIECES.fullmatch(units) and _TENTHS.fullmatch(tenths)):
            raise ValidationError(f"无法识别「{part}」，每档请写成 100-5（前 100 件五折）")
        steps.append([int(units), _off_bp(tenths)])
    return steps


def write_ladder(steps: list[list[int]]) -> str:
    """The steps as an operator would type them; the reverse of ``read_ladder``."""
    return "，".join(f"{units}-{wording.tenths(off_bp):f}" for units, off_bp in steps)


def read_goods(text: str) -> dict[str, int]:
    """Goods as typed, ``CUP-01，TEA-02×2``, to the quantity by the merchant's code; ``*`` and ``x`` do as well.

    Raises ValidationError that quotes what cannot be read, and for goods named twice.
    """
    goods: dict[str, int] = {}
    for part in filter(None, _BETWEEN.split(text)):
        match = _GOODS.fullmatch(part)
        if match is None:
            raise ValidationError(f"无法识别「{part}」，请填写商家编码，多件写成 编码×数量")
        code, quantity = match.groups()
        if code in goods:
            raise ValidationError(f"商品「{code}」重复")
        goods[code] = int(quantity or 1)
    return goods


def read_gifts(text: str, *, by_pieces: bool) -> list[tuple[int, dict[str, int]]]:
    """Gifts as typed, a step on each line, ``199：CUP-01，TEA-02×2``, to pairs of threshold and goods by code.

    The threshold is in yuan, or in pieces. Raises ValidationError that quotes what cannot be read.
    """
    steps = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        at_least, colon, goods = line.replace("：", ":").partition(":")
        try:
            threshold = _pieces(at_least.strip()) if by_pieces else money.parse_yuan(at_least.strip())
        except ValueError:
            colon = ""
            threshold = 0
        if not colon:
            example = "3：TEA-01（满 3 件）" if by_pieces else "199：TEA-01（满 199 元）"
            raise ValidationError(f"无法识别「{line}」，每行请写成 {example}")
        steps.append((threshold, read_goods(goods)))
    return steps


def write_goods(goods: Iterable[tuple[str, int]]) -> str:
    """Goods as an operator would type them; the reverse of ``read_goods``."""
    return "，".join(code if quantity == 1 else f"{code}×{quantity}" for code, quantity in goods)


def write_parts(parts: list[tuple[int, str, int]], *, by_pieces: bool) -> dict[str, str]:
    """What a form shows of parts (threshold, code, quantity): the text of ``gifts``, or of ``bundle`` at 0."""
    lines = []
    for at_least in sorted({at_least for at_least, _, _ in parts}):
        goods = write_goods((code, quantity) for least, code, quantity in parts if least == at_least)
        if not at_least:
            return {"bundle": goods}
        lines.append(f"{at_least if by_pieces else wording.short_yuan(at_least)}：{goods}")
    return {"gifts": "\n".join(lines)}


def _off_bp(tenths: str) -> int:
    return money.WHOLE_BP - int(Decimal(tenths).scaleb(3))


class MonthDaysField(forms.Field):
    """Days of the month, ``15，25``, to a rising list without repeats."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> list[int]:
        """The days, 1 to 31."""
        named = [part.removesuffix("日") for part in _BETWEEN.split(value or "") if part]
        for day in named:
            if not re.fullmatch(r"[1-9][0-9]?", day) or int(day) > 31:
                raise ValidationError(f"「{day}」不是每月的日期，请填写 1 到 31")
        return sorted({int(day) for day in named})

    def prepare_value(self, value: Any) -> Any:
        """What the page shows."""
        return "，".join(map(str, value)) if isinstance(value, list) else value
