"""When a shop is open: rows of days and times, as operators type them, and whether a moment is within."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from apps.base.days import local
from mall.errors import Invalid

MOST: Final = 14
_DAYS: Final = "一二三四五六日"
_EVERY: Final = "每天"
_LINE: Final = re.compile(r"(\S+)\s+([0-2]?[0-9]:[0-5][0-9])\s*[-–—~～至到]\s*([0-2]?[0-9]:[0-5][0-9])")
_SPAN: Final = re.compile(
    r"(?:周|星期)?([一二三四五六日天])(?:[-–—~～至到](?:周|星期)?([一二三四五六日天]))?"
)

Row = Mapping[str, Any]


class HoursInvalid(Invalid):
    """A line that says no days and times; the sentence quotes it."""

    code = "hours_invalid"
    message = "营业时间有误"


def read(typed: str) -> list[dict[str, Any]]:
    """The rows of what was typed, a line each: ``周一至周五 09:00-21:00``, ``周六、周日 10:00-22:00``, ``每天 09:00-24:00``.

    A row is ``{"days": [1…7], "from": "09:00", "until": "21:00"}``, Monday first, from before until, until at most 24:00.
    Raises HoursInvalid.
    """
    lines = [line.strip() for line in typed.replace("；", "\n").splitlines() if line.strip()]
    if len(lines) > MOST:
        raise HoursInvalid(f"营业时间最多 {MOST} 行")
    return [_row(line) for line in lines]


def told(rows: Sequence[Row]) -> str:
    """The rows as an operator types them."""
    return "\n".join(f"{_named(row['days'])} {row['from']}-{row['until']}" for row in rows)


def is_open(rows: Sequence[Row], *, at: datetime) -> bool:
    """Whether a moment lies in one of the rows, ``[from, until)`` of a Shanghai day; without rows nobody knows: False."""
    here = local(at)
    now = _clock(here.time())
    return any(here.isoweekday() in row["days"] and row["from"] <= now < row["until"] for row in rows)


def _row(line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise HoursInvalid(f"营业时间「{line[:40]}」无法识别，请写成「周一至周五 09:00-21:00」")
    days, opens, closes = found[1], _padded(found[2]), _padded(found[3])
    if not opens < closes or closes > "24:00":
        raise HoursInvalid(f"营业时间「{line[:40]}」的结束须晚于开始，且不晚于 24:00")
    return {"days": _days(days, line), "from": opens, "until": closes}


def _days(said: str, line: str) -> list[int]:
    if said == _EVERY:
        return [1, 2, 3, 4, 5, 6, 7]
    days: set[int] = set()
    for part in re.split("[、,，]", said):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise HoursInvalid(f"营业时间「{line[:40]}」中的「{part[:10]}」不是星期几")
        first = _day(found[1])
        last = _day(found[2]) if found[2] else first
        # 周五至周一 goes over Sunday.
        days |= {(day - 1) % 7 + 1 for day in range(first, last + (7 if last < first else 0) + 1)}
    return sorted(days)


def _day(sign: str) -> int:
    return _DAYS.index("日" if sign == "天" else sign) + 1


def _named(days: Sequence[int]) -> str:
    if len(days) == 7:
        return _EVERY
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"周{_DAYS[days[0] - 1]}至周{_DAYS[days[-1] - 1]}"
    return "、".join(f"周{_DAYS[day - 1]}" for day in days)


def _padded(clock: str) -> str:
    return clock if len(clock) == 5 else f"0{clock}"


def _clock(now: time) -> str:
    return f"{now:%H:%M}"
