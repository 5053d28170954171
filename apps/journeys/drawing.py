"""A plan as a chart that needs no script: boxes below each other, two ways side by side behind a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.journeys.steps import STEPS, Branch

_WIDE: Final = 168
_HIGH: Final = 46
_ACROSS: Final = 18
_DOWN: Final = 30
_LONGEST: Final = 13
_COLOURS: Final[Mapping[str, str]] = {
    "wait": "#64748b",
    "until": "#64748b",
    "branch": "#d97706",
    "stop": "#dc2626",
    "message": "#2563eb",
    "coupon": "#db2777",
    "points": "#db2777",
    "tag": "#0d9488",
    "task": "#7c3aed",
}


class _Box(NamedTuple):
    """A step of the drawing: where its middle above is, what it says."""

    x: int
    y: int
    number: int
    kind: str
    told: str


class _Line(NamedTuple):
    """A way from one place to another, with a word on it."""

    points: str
    word: str
    x: int
    y: int


class _Chart:
    """The boxes and lines of a plan, as they are laid out."""

    def __init__(self, told: Mapping[int, str]) -> None:
        self.told, self.number = told, 0
        self.boxes: list[_Box] = []
        self.lines: list[_Line] = []

    def lay(self, steps: Sequence[Mapping[str, Any]], x: int, y: int) -> int:
        """Lay steps below each other around a middle; return where the last one's way ends."""
        for step in steps:
            self.number += 1
            kind = str(step.get("is"))
            self.boxes.append(_Box(x, y, self.number, kind, self.told.get(self.number, "")))
            y = self._ways(step, x, y + _HIGH) if kind == Branch.kind else y + _HIGH
            self.lines.append(_Line(f"{x},{y} {x},{y + _DOWN}", "", 0, 0))
            y += _DOWN
        return y

    def _ways(self, step: Mapping[str, Any], x: int, y: int) -> int:
        """Both ways of a question, and where they meet again."""
        sides = [step.get("yes") or [], step.get("no") or []]
        widths = [_width(side) for side in sides]
        left = x - (sum(widths) + _ACROSS) // 2
        middles = [left + widths[0] // 2, left + widths[0] + _ACROSS + widths[1] // 2]
        ends = []
        for side, middle, word in zip(sides, middles, ("是", "否"), strict=True):
            top = y + _DOWN
            self.lines.append(
                _Line(f"{x},{y} {x},{y + 10} {middle},{y + 10} {middle},{top}", word, middle + 4, top - 6)
            )
            ends.append(self.lay(side, middle, top) if side else top)
        meet = max(ends)
        for middle, end in zip(middles, ends, strict=True):
            self.lines.append(_Line(f"{middle},{end} {middle},{meet} {x},{meet}", "", 0, 0))
        return meet


def chart(steps: Sequence[Mapping[str, Any]], *, begins: str, told: Mapping[int, str]) -> SafeString:
    """Draw a plan's steps; ``told`` says what each does, by its number, ``begins`` what comes before them all."""
    made = _Chart(told)
    wide = max(_width(steps), _WIDE) + 2 * _ACROSS
    middle = wide // 2
    first = 2 * _DOWN + 8
    made.lines.append(_Line(f"{middle},{_DOWN + 4} {middle},{first}", "", 0, 0))
    end = made.lay(steps, middle, first)
    return format_html(
        '<svg role="img" aria-label="流程图" width="{}" height="{}" viewBox="0 0 {} {}" font-size="12">'
        "{}{}{}{}</svg>",
        *(wide, end + 34, wide, end + 34),
        _pill(middle, 4, _short(begins, 24), begins),
        format_html_join("", "{}", ((_drawn_line(line),) for line in made.lines)),
        format_html_join("", "{}", ((_drawn_box(box),) for box in made.boxes)),
        _pill(middle, end, "走完", "走完"),
    )


def _width(steps: Sequence[Mapping[str, Any]]) -> int:
    """How wide steps are with all that stands side by side in them."""
    branches = [step for step in steps if step.get("is") == Branch.kind]
    widths = [_width(step.get("yes") or []) + _ACROSS + _width(step.get("no") or []) for step in branches]
    return max([_WIDE, *widths])


def _drawn_line(line: _Line) -> SafeString:
    word = (
        format_html('<text x="{}" y="{}" fill="currentColor">{}</text>', line.x, line.y, line.word)
        if line.word
        else mark_safe("")
    )
    return format_html(
        '<polyline points="{}" fill="none" stroke="currentColor" opacity="0.4"></polyline>{}',
        line.points,
        word,
    )


def _drawn_box(box: _Box) -> SafeString:
    kind = STEPS.get(box.kind)
    return format_html(
        '<g><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="6" fill="{}" fill-opacity="0.12" stroke="{}">'
        '</rect><text x="{}" y="{}" fill="{}" font-weight="600">{}. {}</text>'
        '<text x="{}" y="{}" fill="currentColor">{}</text></g>',
        box.told,
        *(box.x - _WIDE // 2, box.y, _WIDE, _HIGH),
        *(_COLOURS.get(box.kind, "#64748b"), _COLOURS.get(box.kind, "#64748b")),
        *(box.x - _WIDE // 2 + 8, box.y + 18, _COLOURS.get(box.kind, "#64748b")),
        *(box.number, kind.label if kind is not None else "？"),
        *(box.x - _WIDE // 2 + 8, box.y + 37, _short(box.told, _LONGEST)),
    )


def _pill(x: int, y: int, text: str, told: str) -> SafeString:
    wide = max(60, 13 * len(text) + 20)
    return format_html(
        '<g><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="15" fill="none" stroke="currentColor" '
        'opacity="0.5"></rect><text x="{}" y="{}" fill="currentColor" text-anchor="middle">{}</text></g>',
        told,
        *(x - wide // 2, y, wide, _DOWN),
        *(x, y + 20, text),
    )


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
