"""How operators type an offer's figures: steps as 「100-15」, discounts as 「8.5」折, regions by their full names."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.promotions import wording
from mall import money

_BETWEEN = re.compile(r"[,，;；、\s]+")
_PIECES = re.compile(r"[1-9][0-9]{0,5}")
# The endings of the names in WeChat's region picker; 「浙江」 or 「江浙沪」 would never match an address.
_REGION_ENDINGS = tuple("省市区县旗州盟岛划镇乡道")


def read_steps(text: str, *, by_pieces: bool) -> list[list[int]]:
    """Steps as typed, ``100-15，199-30``, to ``[[10000, 1500], [19900, 3000]]``; by pieces the first are pieces.

    Raises ValidationError that quotes what cannot be read. Whether the steps make sense is the offer's to say.
    """
    steps = []
    for part in filter(None, _BETWEEN.split(text)):
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


class DiscountField(forms.Field):
    """A discount typed as it is said, ``8.5`` for 八五折, to the basis points taken off, 1500; empty is None."""

    widget = UnfoldAdminTextInputWidget
    default_error_messages = {"invalid": "请填写 0 到 10 之间的折扣，最多三位小数，例如 8.5 表示八五折"}

    def to_python(self, value: Any) -> int | None:
        """The basis points taken off."""
        text = value.strip() if isinstance(value, str) else value
        if text in self.empty_values:
            return None
        if re.fullmatch(r"[0-9](\.[0-9]{1,3})?", text) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return money.WHOLE_BP - int(Decimal(text).scaleb(3))

    def prepare_value(self, value: Any) -> Any:
        """What the page shows: the discount as it is said, and what was typed as it was typed."""
        return f"{wording.tenths(value):f}" if isinstance(value, int) else value


class RegionsField(forms.Field):
    """Region names, separated by commas or lines, to a list without repeats; empty is the whole country."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> list[str]:
        """The names, each as an address has it."""
        names = list(dict.fromkeys(filter(None, _BETWEEN.split(value or ""))))
        for name in names:
            if not name.endswith(_REGION_ENDINGS):
                raise ValidationError(f"「{name}」不是完整的地区名称，例如应写「浙江省」「上海市」")
        return names

    def prepare_value(self, value: Any) -> Any:
        """What the page shows."""
        return "、".join(value) if isinstance(value, list) else value
