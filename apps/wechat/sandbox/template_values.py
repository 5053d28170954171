"""What each kind of keyword of a subscribe message may hold (订阅消息参数值内容限制)."""

from __future__ import annotations

import re
from collections.abc import Callable

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
_TIME = rf"({_DAY} ?)?{_CLOCK}"
_DATE = rf"{_DAY}( ?{_CLOCK})?"
_CHINESE = re.compile(r"[㐀-鿿]")
_NAME = re.compile(r"[A-Za-z㐀-鿿 ·.\-'()（）]+")


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


def _is_name(value: str) -> bool:
    """At most 10 characters when any is Chinese, else 20 letters or symbols; no emoji."""
    return _NAME.fullmatch(value) is not None and len(value) <= (10 if _CHINESE.search(value) else 20)


def _is_amount(value: str) -> bool:
    """One currency sign, at most 10 digits, decimals, and 元 at the end are allowed."""
    return re.fullmatch(r"[¥￥$€£]?\d{1,10}(\.\d+)?元?", value, re.ASCII) is not None


_KINDS: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,
    "number": _matches(r"-?\d{1,32}(\.\d{1,32})?"),
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "symbol": lambda value: len(value) <= 5 and not any(character.isalnum() for character in value),
    "character_string": _matches(r"[\x20-\x7e]{1,32}"),
    "time": _matches(rf"{_TIME}(~{_TIME})?"),
    "date": _matches(rf"{_DATE}(~{_DATE})?"),
    "amount": _is_amount,
    "phone_number": _matches(r"[\d+\- ]{1,17}"),
    "car_number": lambda value: len(value) <= 8,
    "name": _is_name,
    "phrase": _matches(r"[㐀-鿿]{1,5}"),
    "enum_string": lambda value: True,
}


def fits(keyword: str, value: object, *, allowed: list[str] | None = None) -> bool:
    """Tell whether ``value`` may stand for a keyword such as ``thing1``; one with ``allowed`` values, only for these."""
    if allowed and value not in allowed:
        return False
    named = re.fullmatch(r"([a-z_]+?)(\d+)", keyword, re.ASCII)
    if named is None or named[1] not in _KINDS:
        return False
    return isinstance(value, str) and value.strip() != "" and _KINDS[named[1]](value)
