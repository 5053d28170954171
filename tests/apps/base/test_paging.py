"""Lists by cursor: nothing twice, nothing missing, and nothing a stranger can forge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.base import paging
from apps.base.models import Pulse

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def pulses() -> None:
    Pulse.objects.bulk_create(
        Pulse(name=f"p{number}", heard_at=AT + timedelta(hours=number % 3)) for number in range(7)
    )


def page(ordering: tuple[str, ...] = ("-heard_at", "name"), **query: str) -> tuple[list[str], str | None]:
    request = Request(APIRequestFactory().get("/api/v1/pulses", query))
    answer = paging.page(
        request, Pulse.objects.all(), ordering=ordering, shape=lambda rows: [row.name for row in rows]
    )
    return answer.data["results"], answer.data["next"]


def cursor_of(link: str | None) -> str:
    assert link is not None
    return parse_qs(urlsplit(link).query)["cursor"][0]


def test_pages_follow_each_other_through_ties() -> None:
    first, link = page(page_size="3")
    second, link = page(page_size="3", cursor=cursor_of(link))
    third, last = page(page_size="3", cursor=cursor_of(link))
    assert [first, second, third] == [["p2", "p5", "p1"], ["p4", "p0", "p3"], ["p6"]]
    assert last is None


def test_a_row_inserted_before_the_cursor_shifts_nothing() -> None:
    first, link = page(page_size="3")
    Pulse.objects.create(name="p9", heard_at=AT + timedelta(hours=9))
    second, _ = page(page_size="3", cursor=cursor_of(link))
    assert (first, second) == (["p2", "p5", "p1"], ["p4", "p0", "p3"])


def test_the_link_keeps_the_other_parameters() -> None:
    _, link = page(page_size="3", q="茶杯")
    assert parse_qs(urlsplit(link or "").query)["q"] == ["茶杯"]


@pytest.mark.parametrize("cursor", ["nonsense", "a:b:c", "é", "x" * 5000, "W10:1:abc"])
def test_a_cursor_that_we_did_not_issue_is_refused(cursor: str) -> None:
    with pytest.raises(paging.CursorInvalid):
        page(cursor=cursor)


def test_a_tampered_cursor_is_refused() -> None:
    _, link = page(page_size="3")
    good = cursor_of(link)
    with pytest.raises(paging.CursorInvalid):
        page(cursor=good[:-1] + ("A" if good[-1] != "A" else "B"))


def test_a_cursor_of_another_ordering_is_refused() -> None:
    _, link = page(page_size="3")
    with pytest.raises(paging.CursorInvalid):
        page(ordering=("name",), cursor=cursor_of(link))


@pytest.mark.parametrize("size", ["0", "101", "-1", "1.5", "２０", "", "abc", "9999999999"])
def test_a_page_size_out_of_bounds_is_refused(size: str) -> None:
    with pytest.raises(paging.PageSizeInvalid):
        page(page_size=size)
