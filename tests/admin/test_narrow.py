"""On a phone no page scrolls sideways: what may wrap wraps, what cannot be narrower scrolls in a box of its own.

How wide a page is only a browser can tell; what makes it too wide, every one of these, was once found with one.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from django.contrib.staticfiles import finders

from apps.audiences import drawing
from apps.referrals import admin as referrals

ROOT = Path(__file__).parents[2]
BOX = '<div class="wide">'
_SCROLLS = re.compile(r'overflow-x-auto|overflow-x: ?auto|class="wide"')


def test_a_fieldset_is_no_wider_than_the_page_and_a_box_scrolls_by_itself() -> None:
    style = Path(str(finders.find("base/admin.css"))).read_text("utf-8")
    assert re.search(r"^fieldset \{ min-width: 0; \}$", style, re.MULTILINE)
    assert re.search(r"^\.wide \{ max-width: 100%; overflow-x: auto; \}$", style, re.MULTILINE)


def test_drawings_scroll_in_a_box_of_their_own() -> None:
    for drawn in (
        drawing.curves([date(2026, 12, 1)], {"新客": [3]}, told="走势"),
        referrals._drawn([3, 1]),
    ):
        assert str(drawn).startswith(f"{BOX}<svg")
        assert str(drawn).endswith("</svg></div>")


def test_every_table_of_our_own_pages_scrolls_in_a_box() -> None:
    found = {
        str(page.relative_to(ROOT)): (text.count("<table"), len(_SCROLLS.findall(text)))
        for page in (ROOT / "templates" / "admin").rglob("*.html")
        if "<table" in (text := page.read_text("utf-8"))
    }
    assert len(found) >= 8
    assert {page: counts for page, counts in found.items() if counts[0] > counts[1]} == {}
