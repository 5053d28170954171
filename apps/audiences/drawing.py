"""Numbers of members over days as a drawing that needs no script: lines, each with its name and its last number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDE: Final = 640
_HIGH: Final = 180
# Room for the numbers on the left and the names on the right.
_LEFT: Final = 60
_RIGHT: Final = 130
_TOP: Final = 12
_COLOURS: Final = ("#0d9488", "#2563eb", "#d97706", "#dc2626", "#7c3aed", "#64748b", "#db2777")


def curves(days: Sequence[date], lines: Mapping[str, Sequence[int]], *, told: str) -> SafeString | str:
    """One line for each name, a number for each day; ``told`` is read out instead of the drawing."""
    if not days:
        return "—"
    most = max(1, *(number for numbers in lines.values() for number in numbers))
    drawn = format_html_join(
        "",
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="2"></polyline>'
        '<circle cx="{}" cy="{}" r="3" fill="{}"></circle>',
        (
            (
                _points(numbers, most),
                colour,
                *_place(len(numbers) - 1, numbers[-1], len(numbers), most),
                colour,
            )
            for (_, numbers), colour in zip(lines.items(), _cycle(len(lines)), strict=True)
        ),
    )
    names = format_html_join(
        "",
        '<text x="{}" y="{}" fill="{}" font-size="12">{} {}</text>',
        (
            (_WIDE - _RIGHT + 10, _TOP + 12 + 20 * place, colour, name, f"{numbers[-1]:,}")
            for place, ((name, numbers), colour) in enumerate(
                zip(lines.items(), _cycle(len(lines)), strict=True)
            )
        ),
    )
    return format_html(
        '<div class="wide"><svg role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">'
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="currentColor" opacity="0.3"></line>'
        '<text x="0" y="{}" fill="currentColor" font-size="12">{}</text>'
        '<text x="0" y="{}" fill="currentColor" font-size="12">0</text>'
        '<text x="{}" y="{}" fill="currentColor" font-size="12">{}</text>'
        '<text x="{}" y="{}" fill="currentColor" font-size="12" text-anchor="end">{}</text>{}{}</svg></div>',
        *(told, _WIDE, _HIGH + 20, _WIDE, _HIGH + 20),
        *(_LEFT, _HIGH - _TOP, _WIDE - _RIGHT, _HIGH - _TOP),
        *(_TOP + 4, f"{most:,}"),
        _HIGH - _TOP,
        *(_LEFT, _HIGH + 8, f"{days[0]:%m-%d}"),
        *(_WIDE - _RIGHT, _HIGH + 8, f"{days[-1]:%m-%d}"),
        *(drawn, names),
    )


def _points(numbers: Sequence[int], most: int) -> str:
    places = (_place(day, number, len(numbers), most) for day, number in enumerate(numbers))
    return " ".join(f"{x},{y}" for x, y in places)


def _place(day: int, number: int, days: int, most: int) -> tuple[int, int]:
    """Where a number of a day lies; a single day lies at the left."""
    wide, high = _WIDE - _LEFT - _RIGHT, _HIGH - 2 * _TOP
    return _LEFT + day * wide // max(1, days - 1), _HIGH - _TOP - number * high // most


def _cycle(number: int) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(number)]
