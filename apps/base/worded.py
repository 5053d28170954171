"""Any value in words, for the log and its pages: yes and no in Chinese, times in the shop's, JSON as 产地：杭州."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import localize

_LONGEST: Final = 200
# Keys of the shop's own JSON. What operators named themselves (产地, 颜色) says what it is.
_KEYS: Final[Mapping[str, str]] = {
    "choices": "可选值",
    "days": "星期",
    "from": "从",
    "key": "关键词",
    "label": "名称",
    "name": "名称",
    "title": "标题",
    "until": "至",
    "value": "内容",
    "values": "内容",
}
# A plan of steps or a tree of conditions: every part of it says what it ``is``. Its own page tells it in sentences.
_PROGRAM: Final = "（内容见页面）"


def text_of(value: Any) -> str:
    """Any value in short, at most 200 characters: lists as one line, pairs as 产地：杭州, a list of those parted by ；."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return str(localize(timezone.localtime(value) if timezone.is_aware(value) else value))
    if isinstance(value, date):
        return str(localize(value))
    if isinstance(value, Mapping):
        return _short(_PROGRAM if _is_program(value) else _pairs(value))
    if isinstance(value, list | tuple | set):
        if _is_program(value):
            return _PROGRAM
        apart = "；" if any(isinstance(one, Mapping) for one in value) else "、"
        return _short(apart.join(text_of(one) for one in value))
    return _short(str(value))


def redrawn(text: str) -> str:
    """A text of an entry that was written when pairs were kept as Python writes them, in words; any other as it is."""
    if "{'" not in text:
        return text
    told, at = "", 0
    while (start := text.find("{'", at)) >= 0:
        between = text[at:start]
        told += "；" if at and between == "、" else between
        found = _read(text, start)
        if found is None:
            # Cut off at the end of its column: what stood there is not known.
            return f"{told}…" if text.endswith("…") else told + text[start:]
        value, at = found
        told += text_of(value)
    return told + text[at:]


def _read(text: str, start: int) -> tuple[Mapping[Any, Any], int] | None:
    """The pairs that begin here, and where they end; None where there are none."""
    end = text.find("}", start)
    while end >= 0:
        try:
            value = literal_eval(text[start : end + 1])
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            end = text.find("}", end + 1)
            continue
        return (value, end + 1) if isinstance(value, Mapping) else None
    return None


def _pairs(value: Mapping[Any, Any]) -> str:
    if set(value) in ({"name", "value"}, {"name", "values"}):
        name, said = (text_of(one) for one in (value["name"], value.get("value", value.get("values"))))
        return f"{name}：{said}"
    told = ((_KEYS.get(str(key), str(key)), text_of(one)) for key, one in value.items())
    return "，".join(f"{key}：{said}" for key, said in told if said)


def _is_program(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "is" in value or any(_is_program(one) for one in value.values())
    return isinstance(value, list | tuple) and any(_is_program(one) for one in value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
