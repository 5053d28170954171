"""Strict inputs: a number is a JSON number, a text a JSON text; nothing is guessed from something else."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rest_framework import serializers

from mall import text as texts

# The largest id or figure that a column can hold.
MAX_BIGINT = 2**63 - 1


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: not ``"1"``, ``1.0``, ``true`` or full-width digits."""

    default_error_messages = {"invalid": "请填写整数", "max_value": "数值过大", "min_value": "数值过小"}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictDegreesField(serializers.FloatField):
    """A JSON number of degrees between minus and plus ``most``: not ``"30.2"``, ``true`` or infinity."""

    default_error_messages = {"invalid": "请填写数字", "max_value": "数值过大", "min_value": "数值过小"}

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(min_value=-most, max_value=most, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return float(super().to_internal_value(data))
        except OverflowError:
            self.fail("invalid")


class StrictBooleanField(serializers.BooleanField):
    """A JSON true or false: not ``"true"``, ``1`` or ``"on"``."""

    default_error_messages = {"invalid": "请填写 true 或 false"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


def row_id(**kwargs: Any) -> StrictIntegerField:
    """Return a field for the id of a row."""
    return StrictIntegerField(min_value=1, max_value=MAX_BIGINT, **kwargs)


class StrictTextField(serializers.CharField):
    """A JSON text without control characters, in its one form (``mall.text.plain``): no invisible signs, trimmed.

    What would only look like a text is blank. Length counts code points, emoji included.
    """

    default_error_messages = {
        "invalid": "请填写文字",
        "blank": "不能为空",
        "max_length": "内容过长，最多 {max_length} 个字符",
        "control": "包含不支持的字符",
    }

    def __init__(self, *, multiline: bool = False, **kwargs: Any) -> None:
        self.allowed_controls = "\n" if multiline else ""
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        # Cc: control characters, NUL included. Cs: halves of characters, which no database takes.
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in self.allowed_controls for c in text):
            self.fail("control")
        text = self.in_one_form(text)
        if not text and not self.allow_blank:
            self.fail("blank")
        return text

    def in_one_form(self, text: str) -> str:
        """The text as it is judged, compared and kept."""
        return texts.plain(text, multiline=bool(self.allowed_controls))


class StrictCodeField(StrictTextField):
    """A JSON text that is a code (``mall.text.code``): no blanks, plain signs for full-width ones."""

    def in_one_form(self, text: str) -> str:
        """The code."""
        return texts.code(text)


class StrictPatternField(StrictCodeField):
    """A code of which the whole matches ``pattern``; the API's document tells it (``base.schema``)."""

    default_error_messages = {"invalid_pattern": "格式不正确"}

    def __init__(self, pattern: str, **kwargs: Any) -> None:
        self.pattern = re.compile(pattern)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not self.pattern.fullmatch(text):
            self.fail("invalid_pattern")
        return text
