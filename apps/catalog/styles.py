"""CSS within a detail page: looks are kept, places and what is fetched from elsewhere are not."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# Looks, never places: nothing may be laid over the page around it or fetched from elsewhere.
_PROPERTIES: Final = frozenset(
    {
        *("color", "background-color", "opacity"),
        *("font-size", "font-weight", "font-style", "font-family", "font-variant"),
        *("line-height", "letter-spacing", "word-spacing", "word-break", "word-wrap", "overflow-wrap"),
        *("white-space", "text-align", "text-align-last", "text-indent", "text-transform", "text-shadow"),
        *("text-decoration", "text-decoration-line", "text-decoration-color", "text-decoration-style"),
        *("width", "min-width", "max-width", "height", "min-height", "max-height", "box-sizing"),
        *("border", "border-width", "border-style", "border-color", "border-collapse", "border-spacing"),
        *(
            f"border-{side}{what}"
            for side in ("top", "right", "bottom", "left")
            for what in ("", "-width", "-style", "-color")
        ),
        *("border-radius", "border-top-left-radius", "border-top-right-radius"),
        *("border-bottom-left-radius", "border-bottom-right-radius", "box-shadow"),
        *(
            f"{what}{side}"
            for what in ("margin", "padding")
            for side in ("", "-top", "-right", "-bottom", "-left")
        ),
        *("display", "vertical-align", "float", "clear", "overflow", "list-style-type", "table-layout"),
        *("flex", "flex-grow", "flex-shrink", "flex-basis", "flex-direction", "flex-wrap", "flex-flow"),
        *("justify-content", "align-items", "align-self", "align-content", "order", "gap"),
    }
)
_SHOWN: Final = {
    *("block", "inline", "inline-block", "flex", "inline-flex"),
    *("table", "inline-table", "table-row", "table-cell", "list-item", "none"),
}
# Parts of a value that could fetch, run, or end the attribute: none of them is part of a look.
_DANGEROUS: Final = re.compile(
    r"url|image|expression|javascript|attr\s*\(|var\s*\(|[\\<>@{}\x00-\x1f]|/\*", re.I
)
_COLOUR: Final = re.compile(r"#[0-9a-f]{3,8}|[a-z]+|(?:rgb|hsl)a?\([0-9.,%/ deg]+\)", re.I)
_BETWEEN: Final = re.compile(r";(?![^(]*\))")
# What editors write into every line and nobody sees missing.
_UNSEEN: Final = re.compile(r"-webkit-.*|-moz-.*|-ms-.*|mso-.*|caret-color|orphans|widows|outline.*|cursor|"
                            r"-.*|font|visibility|text-size-adjust|user-select|tab-size|text-justify|transition.*|"
                            r"text-decoration-.*|background-(?:clip|origin|attachment|repeat|position.*|size)")  # fmt: skip


class Style(NamedTuple):
    """What is kept of a style, and what went: ``background`` for a picture behind, ``place`` for all the rest."""

    css: str
    went: frozenset[str]


def harmless(style: str) -> Style:
    """Return the declarations of a style attribute that are looks. Doing it twice gives the same."""
    kept: list[str] = []
    went: set[str] = set()
    for declaration in _BETWEEN.split(style):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.split())
        if not colon or not name or not value:
            continue
        if name == "background" and _COLOUR.fullmatch(value.removesuffix("!important").strip()):
            name = "background-color"
        if name in ("background", "background-image"):
            if value.lower() not in ("none", "initial", "inherit"):
                went.add("background")
        elif name not in _PROPERTIES or _DANGEROUS.search(value) or not _is_shown(name, value):
            if not _UNSEEN.fullmatch(name) and value.lower() not in ("none", "static", "initial", "auto"):
                went.add("place")
        else:
            kept.append(f"{name}: {value}")
    return Style("; ".join(kept), frozenset(went))


def _is_shown(name: str, value: str) -> bool:
    """Ways to be displayed that a phone knows; all other properties take any harmless value."""
    word = value.lower().removesuffix("!important").strip()
    return name != "display" or word in _SHOWN
