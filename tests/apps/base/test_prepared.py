"""Prepared pages that lie in the process: what is asked for again stays, what is not makes room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.base.prepared import MOST_NEAR, Page, Pages

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)


def page(pages: Pages, name: str) -> Page:
    """A page that lies in the process under this name."""
    made = Page((name.encode(),), (), (), None, NOW, NOW + timedelta(hours=1))
    pages.made(name, lambda: made, good=lambda _: True, looked=True)
    return made


def test_a_page_that_is_asked_for_again_stays_while_others_come_and_go() -> None:
    pages = Pages("of a test")
    asked, forgotten = page(pages, "asked"), page(pages, "forgotten")
    for number in range(3 * MOST_NEAR):
        page(pages, f"passing-{number}")
        if number % 50 == 0:
            assert pages.near("asked") is asked
    assert pages.near("asked") is asked
    assert pages.near("forgotten") is not forgotten


def test_no_more_pages_lie_in_the_process_than_twice_as_many() -> None:
    pages = Pages("of a test")
    for number in range(5 * MOST_NEAR):
        page(pages, f"passing-{number}")
    there = [number for number in range(5 * MOST_NEAR) if pages.near(f"passing-{number}") is not None]
    assert len(there) <= 2 * MOST_NEAR
    assert there[-1] == 5 * MOST_NEAR - 1
