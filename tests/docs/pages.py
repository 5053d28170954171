"""Reads Markdown as a visitor of the repository sees it: links, anchors, headings, tables, code blocks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def all_pages() -> list[Path]:
    """Return every Markdown page of the repository, as paths below its root."""
    here = ROOT.glob("*.md")
    below = (
        page for name in ("docs", "apps", "config", "mall", "tests") for page in (ROOT / name).rglob("*.md")
    )
    return sorted(page.relative_to(ROOT) for page in (*here, *below))


def text(page: str | Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page: str | Path) -> str:
    """Return a page without its code blocks."""
    return _FENCE.sub("", text(page))


def links(page: str | Path) -> list[str]:
    """Return the targets of all links and pictures."""
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page))


def headings(page: str | Path) -> list[tuple[int, str]]:
    """Return level and text of every heading, in order."""
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", prose(page), re.MULTILINE)]


def anchors(page: str | Path) -> set[str]:
    """Return the names by which a page's headings can be linked: lower case, blanks as hyphens, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for _, title in headings(page)}


def table(page: str | Path, *, under: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its head; cells as written."""
    after = prose(page).split(f" {under}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in after.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def code(cell: str) -> list[str]:
    """Return what a cell shows as code."""
    return re.findall(r"`([^`]+)`", cell)
