"""Texts with ``{names}`` in them: what they may name, how facts are written, and what fits into a keyword of WeChat's.

Limits: 小程序 订阅消息, 参数值内容限制说明. WeChat refuses what does not fit (47003); it cuts nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from apps.base import days
from apps.messaging.board import FactKind, Name, Value
from apps.messaging.states import KeywordKind
from mall.errors import Fault
from mall.money import priced

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_KEYWORD: Final = re.compile(r"([a-z_]+?)([1-9][0-9]?)")
_CLOCK: Final = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_DAY: Final = r"[0-9]{4}年(0?[1-9]|1[0-2])月(0?[1-9]|[12][0-9]|3[01])日"
_MOMENT: Final = rf"({_DAY} ?)?{_CLOCK}"
_CHINESE: Final = "\u3400-\u4dbf\u4e00-\u9fff"


class Limit(NamedTuple):
    """What a keyword of one type takes: at most so many signs, all of them like the pattern; told in Chinese."""

    most: int
    pattern: re.Pattern[str]
    told: str


def _limit(most: int, pattern: str, told: str) -> Limit:
    return Limit(most, re.compile(pattern), told)


LIMITS: Final[Mapping[str, Limit]] = {
    KeywordKind.THING: _limit(20, r"[^\n]+", "最多 20 个字符"),
    KeywordKind.NUMBER: _limit(32, r"[0-9]+(\.[0-9]+)?", "最多 32 位数字，可带小数"),
    KeywordKind.LETTER: _limit(32, r"[A-Za-z]+", "最多 32 个字母"),
    KeywordKind.SYMBOL: _limit(5, r"[!-/:-@\[-`{-~]+", "最多 5 个符号"),
    KeywordKind.CHARACTER_STRING: _limit(32, r"[!-~]+", "最多 32 个数字、字母或符号，不含汉字"),
    KeywordKind.TIME: _limit(
        45, rf"{_MOMENT}(~{_MOMENT})?", "24 小时制时间，例如 15:01 或 2026年10月1日 15:01，可用 ~ 连接起止"
    ),
    KeywordKind.DATE: _limit(
        45,
        rf"{_DAY}( {_CLOCK})?(~{_DAY}( {_CLOCK})?)?",
        "年月日，例如 2026年10月1日，可带时间，可用 ~ 连接起止",
    ),
    KeywordKind.AMOUNT: _limit(
        14,
        r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?",
        "金额：至多 1 个币种符号和 10 位数字，可带小数，可以元结尾",
    ),
    KeywordKind.PHONE_NUMBER: _limit(17, r"\+?[0-9-]+", "最多 17 位号码"),
    KeywordKind.CAR_NUMBER: _limit(8, rf"[0-9A-Za-z{_CHINESE}]+", "最多 8 位车牌号"),
    KeywordKind.NAME: _limit(20, rf"[A-Za-z·. {_CHINESE}]+", "最多 10 个汉字，或 20 个字母或符号"),
    KeywordKind.PHRASE: _limit(5, rf"[{_CHINESE}]+", "最多 5 个汉字，只能是汉字"),
    # What it takes is the template's own list.
    KeywordKind.ENUM: _limit(20, r"[^\n]+", "模板列出的取值之一"),
}
_CUT: Final = "…"


class Unfit(NamedTuple):
    """A keyword whose value WeChat would refuse, and why."""

    keyword: str
    told: str


def keyword_kind(keyword: str) -> KeywordKind | None:
    """The type of a keyword, ``thing`` of ``thing1``; None for what is no keyword."""
    found = _KEYWORD.fullmatch(keyword)
    return KeywordKind(found[1]) if found and found[1] in KeywordKind.values else None


def fault_of(keyword: str, value: str, *, choices: Sequence[str] = ()) -> str | None:
    """Why WeChat would refuse a value, in Chinese; None for one that it takes. ``choices`` are those of an enum."""
    kind = keyword_kind(keyword)
    if kind is None:
        return "不是模板的关键词，应为类型加序号，例如 thing1"
    limit = LIMITS[kind]
    if not value.strip():
        return "不能为空"
    if len(value) > limit.most or not limit.pattern.fullmatch(value):
        return limit.told
    if kind == KeywordKind.NAME and len(value) > 10 and re.search(rf"[{_CHINESE}]", value):
        return limit.told
    if kind == KeywordKind.ENUM and choices and value not in choices:
        return f"应为 {'、'.join(choices)} 之一"
    return None


def places(text: str) -> list[str]:
    """The names that a text has places for, in their order, each as often as it stands there."""
    return _PLACE.findall(text)


def faults_of_text(field: str, text: str, names: Sequence[Name]) -> Iterator[Fault]:
    """What is wrong with a text that operators wrote: names that the scene has not, braces that name nothing."""
    known = {name.name for name in names}
    for place in places(text):
        if place not in known:
            told = "、".join(f"{{{name.name}}}（{name.label}）" for name in names) or "无"
            yield Fault(field, f"没有 {{{place[:30]}}} 这项内容，可用：{told}")
    if re.search(r"[{}]", _PLACE.sub("", text)):
        yield Fault(field, "花括号须成对，例如 {order_no}")


def written(name: Name, value: Value) -> str:
    """A fact as it is read in a message."""
    match name.kind:
        case FactKind.FEN:
            return priced(int(str(value)))
        case FactKind.TIME:
            return _moment(value)
        case FactKind.DAY:
            return _day(value)
        case _:
            return str(value)


def blanks(said: str) -> list[tuple[str, str]]:
    """The blanks of an SMS template and the fact that stands in each: ``code=order_no,amount``, in the template's order."""
    pairs = [each.strip().partition("=") for each in said.split(",") if each.strip()]
    return [(blank.strip(), (name if by_name else blank).strip()) for blank, by_name, name in pairs]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled."""
    return _PLACE.sub(lambda place: values[place[1]], text)


def examples(names: Sequence[Name]) -> dict[str, str]:
    """Each name's example as it would be read, for previews."""
    return {name.name: written(name, name.example) for name in names}


def texts_of(names: Sequence[Name], values: Mapping[str, Value]) -> dict[str, str]:
    """Each fact as it would be read. Raises LookupError for a reader that left a name out: a fault of the program."""
    return {name.name: written(name, values[name.name]) for name in names}


def fitted(keyword: str, text: str, values: Mapping[str, str]) -> str:
    """A keyword's text with its places filled so that WeChat takes it, as far as that can be.

    Facts are cut, never what operators typed: of 「{title} 已发货」 a long title loses its end. Signs that a type has no
    room for go from the facts. Whether the whole fits ``fault_of`` says.
    """
    kind = keyword_kind(keyword)
    if kind is None:
        return filled(text, values)
    clean = {
        name: _CLEANING[kind](value) if kind in _CLEANING else _one_line(value)
        for name, value in values.items()
    }
    whole = filled(text, clean)
    over = len(whole) - _most(kind, whole)
    for place in sorted(set(places(text)), key=lambda name: -len(clean[name])):
        if over <= 0:
            break
        times = places(text).count(place)
        clean[place] = _shortened(clean[place], len(clean[place]) - -(-over // times), kind)
        whole = filled(text, clean)
        over = len(whole) - _most(kind, whole)
    return whole


def _most(kind: KeywordKind, text: str) -> int:
    if kind == KeywordKind.NAME and re.search(rf"[{_CHINESE}]", text):
        return 10
    return LIMITS[kind].most


def _shortened(text: str, most: int, kind: KeywordKind) -> str:
    """At most so many signs of a text; where the type has room for it, the cut is seen."""
    if most <= 0:
        return ""
    if kind in {KeywordKind.THING, KeywordKind.ENUM} and most > 1:
        return text[: most - 1].rstrip() + _CUT
    return text[:most]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _only(allowed: str) -> Callable[[str], str]:
    others = re.compile(f"[^{allowed}]")
    return lambda text: others.sub("", unicodedata.normalize("NFKC", text)).strip()


_CLEANING: Final[Mapping[KeywordKind, Callable[[str], str]]] = {
    KeywordKind.NUMBER: _only("0-9."),
    KeywordKind.LETTER: _only("A-Za-z"),
    KeywordKind.CHARACTER_STRING: _only("!-~"),
    KeywordKind.PHONE_NUMBER: _only("0-9+-"),
    KeywordKind.CAR_NUMBER: _only(f"0-9A-Za-z{_CHINESE}"),
    KeywordKind.NAME: _only(f"A-Za-z·. {_CHINESE}"),
    KeywordKind.PHRASE: _only(_CHINESE),
}


def _moment(value: Value) -> str:
    if isinstance(value, datetime):
        there = days.local(value)
        return f"{_day(there)} {there:%H:%M}"
    return _day(value)


def _day(value: Value) -> str:
    if isinstance(value, datetime):
        value = days.shop_day(value)
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)
