"""Prepared pages: what is asked for again stays in the process, what is not makes room; one maker at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from apps.base import prepared
from apps.base.prepared import MOST_NEAR, Page, Pages

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
SHEET = Page((b"sheet",), (), (), None, NOW, NOW + timedelta(hours=1))


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


def test_whoever_does_not_wait_any_longer_leaves_the_makers_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_PATIENCE_SECONDS", 0)
    pages = Pages("tried")
    key = pages.key("slow")
    assert cache.add(f"{key}:maker", 1, timeout=5)
    made = pages.made(key, lambda: SHEET, good=lambda _: True)
    assert pages.kept(key) is made
    assert not cache.add(f"{key}:maker", 1, timeout=5)


def test_a_page_that_was_made_is_there_for_other_processes_and_its_mark_is_gone() -> None:
    pages = Pages("tried")
    key = pages.key("made")
    made = pages.made(key, lambda: SHEET, good=lambda _: True)
    elsewhere = Pages("tried").kept(key)
    assert elsewhere is not None
    assert elsewhere.pieces == made.pieces
    assert cache.add(f"{key}:maker", 1, timeout=5)
