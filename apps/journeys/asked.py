"""What a step or a trigger asks beside figures and choices (``audiences.asked``): words, a row, a clock time, conditions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.audiences import conditions
from apps.audiences.asked import Choice, Figure, Wrong, asked_of, read_as
from mall import text as texts

__all__ = [
    "Asked",
    "Choice",
    "Clock",
    "Cycles",
    "Fields",
    "Figure",
    "Flag",
    "Moment",
    "OneRow",
    "Text",
    "Tree",
    "Wrong",
    "asked_of",
    "read_as",
]

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_BIGGEST: Final = 2**63 - 1
MOST_CYCLES: Final = 20
_MOST_DAYS: Final = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words, in their one form."""

    label: str
    most: int
    lines: bool = False
    needed: bool = True
    hint: str = ""

    def read(self, given: Any) -> str:
        """The words. Raises Wrong."""
        if given is not None and not isinstance(given, str):
            raise Wrong(f"「{self.label}」应为文字")
        said = texts.plain(given or "", multiline=self.lines)
        if self.needed and not said:
            raise Wrong(f"请填写「{self.label}」")
        if len(said) > self.most:
            raise Wrong(f"「{self.label}」最多 {self.most} 个字")
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRow:
    """A row of a table, by its id; ``source`` is what the table is called in ``choices.py``."""

    label: str
    source: str
    needed: bool = True
    hint: str = ""

    def read(self, given: Any) -> int | None:
        """The id. Raises Wrong."""
        if given is None and not self.needed:
            return None
        if given is None:
            raise Wrong(f"请选择「{self.label}」")
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _BIGGEST:
            raise Wrong(f"「{self.label}」的选项有误")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A time of day of Shanghai, ``10:00``."""

    label: str

    def read(self, given: Any) -> str:
        """The time. Raises Wrong."""
        if not isinstance(given, str) or not _CLOCK.fullmatch(given):
            raise Wrong(f"「{self.label}」应为 00:00 至 23:59 之间的时间，例如 10:00")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment, as ISO 8601 with offset."""

    label: str

    def read(self, given: Any) -> str:
        """The moment. Raises Wrong."""
        try:
            found = datetime.fromisoformat(given)
        except (TypeError, ValueError):
            raise Wrong(f"请填写「{self.label}」") from None
        if found.tzinfo is None:
            raise Wrong(f"「{self.label}」缺少时区")
        return found.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Yes or no."""

    label: str
    hint: str = ""

    def read(self, given: Any) -> bool:
        """Which. Raises Wrong."""
        if given not in (None, True, False):
            raise Wrong(f"「{self.label}」应为是或否")
        return bool(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The texts of a template's keywords."""

    label: str
    hint: str = ""

    def read(self, given: Any) -> dict[str, str]:
        """The texts by keyword. Raises Wrong."""
        if given is None:
            return {}
        if not isinstance(given, dict) or len(given) > 20:
            raise Wrong(f"「{self.label}」格式有误")
        if any(not isinstance(text, str) or len(text) > 200 for text in given.values()):
            raise Wrong(f"「{self.label}」格式有误")
        return {str(key): text for key, text in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Conditions of members, as segments have them; None where nothing is said."""

    label: str

    def read(self, given: Any) -> dict[str, Any] | None:
        """The conditions, in their one form. Raises Wrong."""
        if given is None:
            return None
        try:
            return conditions.as_json(conditions.read(given))
        except conditions.ConditionsRefused as refusal:
            raise Wrong("；".join(fault.text for fault in refusal.faults)) from refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycles:
    """After how many days products, or goods of categories, are used up: ``[{"product" or "category": id, "days": n}]``."""

    label: str
    hint: str = ""

    def read(self, given: Any) -> tuple[dict[str, int], ...]:
        """The cycles. Raises Wrong."""
        if not isinstance(given, list | tuple) or not given:
            raise Wrong(f"请填写「{self.label}」")
        if len(given) > MOST_CYCLES:
            raise Wrong(f"「{self.label}」最多 {MOST_CYCLES} 项")
        return tuple(self._one(cycle) for cycle in given)

    def _one(self, cycle: Any) -> dict[str, int]:
        if not isinstance(cycle, dict) or len(cycle) != 2 or "days" not in cycle:
            raise Wrong(f"「{self.label}」格式有误")
        if any(isinstance(value, bool) or not isinstance(value, int) for value in cycle.values()):
            raise Wrong(f"「{self.label}」格式有误")
        of = next(iter(cycle.keys() - {"days"}))
        if of not in ("product", "category") or not 1 <= cycle[of] <= _BIGGEST:
            raise Wrong(f"「{self.label}」格式有误")
        if not 1 <= cycle["days"] <= _MOST_DAYS:
            raise Wrong(f"「{self.label}」的天数应为 1 至 {_MOST_DAYS}")
        return {of: cycle[of], "days": cycle["days"]}


Asked = Figure | Choice | Text | OneRow | Clock | Moment | Flag | Fields | Tree | Cycles
