"""The report in Markdown, JSON and SVG: each figure beside its share of the ceiling and the goal of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from tests.bench.load.figures import PERCENTILES, Figure, Goal, share

_ROW, _LABELS, _WIDTH, _BARS = 22, 290, 900, 470
_COLOURS: Final = {True: "#2e7d32", False: "#c62828", None: "#546e7a"}


@dataclass
class Report:
    """What was measured, and how: ``facts`` are lines about the run, ``tables`` further ones by their title."""

    command: str
    ceiling: str
    figures: list[Figure]
    facts: list[str] = field(default_factory=list)
    tables: dict[str, tuple[Sequence[str], Sequence[Sequence[str]]]] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Figure]:
        """The figures by their names."""
        return {figure.name: figure for figure in self.figures}

    @property
    def short(self) -> list[str]:
        """What is short of its floor: these end the run with 1."""
        return [one.name for one in self.figures if one.keeps(one.floor, self.by_name) is False]

    @property
    def missed(self) -> list[str]:
        """What is short of its goal."""
        return [one.name for one in self.figures if one.keeps(one.goal, self.by_name) is False]


def write(report: Report, folder: Path) -> Path:
    """Write all three beside each other and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(as_markdown(report), encoding="utf-8")
    (folder / "report.json").write_text(
        json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    rates = [one for one in report.figures if one.is_rate]
    slow = [one for one in rates if one.latencies]
    judged = [one for one in report.figures if one.goal is not None and not one.goal.at_most]
    plots = {
        "a-second.svg": bars("A second", [(one.name, one.value, None) for one in rates]),
        "p95.svg": bars("p95, ms", [(one.name, one.latencies[95], None) for one in slow]),
        "goals.svg": bars(
            "Share of the goal (1 = reached)", [_of_goal(one, report.by_name) for one in judged]
        ),
    }
    for name, drawn in plots.items():
        (folder / name).write_text(drawn, encoding="utf-8")
    return folder


def _of_goal(one: Figure, others: dict[str, Figure]) -> tuple[str, float, bool | None]:
    judged, goal = one.judged(one.goal, others), one.goal
    assert goal is not None
    assert judged is not None
    return one.name, share(judged, goal.figure), goal.kept(judged)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "command": report.command,
        "ceiling": report.ceiling,
        "facts": report.facts,
        "figures": [one.as_json(report.by_name, report.ceiling) for one in report.figures],
        "tables": {
            title: [dict(zip(head, row, strict=True)) for row in rows]
            for title, (head, rows) in report.tables.items()
        },
        "missed": report.missed,
        "short": report.short,
    }


def as_markdown(report: Report) -> str:
    """The report as a page: how it was measured, the figures, what is short, further tables."""
    head = (
        "",
        "figure",
        "rounds",
        *(f"p{percent} ms" for percent in PERCENTILES),
        "SQL",
        "CPU ms web / db",
        "of the ceiling",
        "of",
        "goal",
    )
    rows = [_row(one, report) for one in report.figures]
    parts = ["# The shop under load", f"Repeat it with `{report.command}`.", _listed(report.facts)]
    parts.append(f"The ceiling is «{report.ceiling}».\n\n{table(head, rows)}")
    parts.append("![a second](a-second.svg)\n\n![p95](p95.svg)\n\n![goals](goals.svg)")
    parts.append(f"Short of their goals: {', '.join(report.missed) or 'none'}.")
    parts.append(f"Below their floors, which fails the run: {', '.join(report.short) or 'none'}.")
    parts += [f"## {title}\n\n{table(*made)}" for title, made in report.tables.items()]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def _row(one: Figure, report: Report) -> list[str]:
    others = report.by_name
    unit = "" if one.is_rate else f" {one.unit}"
    times = "" if one.web is None or one.postgres is None else f"{one.web:.2f} / {one.postgres:.2f}"
    against = (one.goal or one.floor or Goal(0)).against
    return [
        one.name,
        _told(one.value) + unit,
        " ".join(_told(each) for each in one.rounds),
        *(f"{one.latencies[percent]:.1f}" if one.latencies else "" for percent in PERCENTILES),
        "" if one.statements is None else str(one.statements),
        times,
        f"{share(one.value, others[report.ceiling].value):.3f}" if one.is_rate else "",
        f"{share(one.value, others[against].value):.3f} of {against}" if against else "",
        _goal(one, others),
    ]


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 1 else f"{value:.3f}"


def _goal(one: Figure, others: dict[str, Figure]) -> str:
    if one.goal is None:
        return ""
    sign, word = "≤" if one.goal.at_most else "≥", "reached" if one.keeps(one.goal, others) else "short"
    return f"{sign} {one.goal.figure:g} {word}"


def _listed(facts: Sequence[str]) -> str:
    return "\n".join(f"- {fact}" for fact in facts)


def bars(title: str, rows: Sequence[tuple[str, float, bool | None]]) -> str:
    """A plot of bars: each with its name and value, green where its goal is reached, red where not."""
    most = max((value for _, value, _ in rows), default=0) or 1
    height = (len(rows) + 2) * _ROW
    drawn = [f'<text x="10" y="{_ROW}" font-weight="bold">{escape(title)}</text>']
    for number, (name, value, is_kept) in enumerate(rows):
        y = (number + 2) * _ROW
        width = _BARS * value / most
        drawn += [
            f'<text x="{_LABELS - 8}" y="{y}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LABELS}" y="{y - 12}" width="{width:.1f}" height="14" fill="{_COLOURS[is_kept]}"/>',
            f'<text x="{_LABELS + width + 6:.1f}" y="{y}">{_told(value)}</text>',
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif"'
        f' font-size="12">{"".join(drawn)}</svg>\n'
    )
