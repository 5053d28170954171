"""The calendar above a list says what Django's would, and reads no row for it but the first and the last."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import periods
from apps.base.models import AuditEntry

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def entry(moment: str) -> None:
    """A row at this moment of Shanghai's."""
    at = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    AuditEntry.objects.create(action="test", subject="", at=at)


def calendar() -> None:
    """Rows at the edges of days, months and years, with gaps between them."""
    for moment in (
        "2024-12-31 23:59",
        "2025-01-01 00:00",
        "2025-03-01 00:30",
        "2025-03-31 23:30",
        "2027-02-28 12:00",
    ):
        entry(moment)
        entry(moment)


@pytest.mark.parametrize("kind", ["year", "month", "day"])
def test_it_tells_the_periods_that_django_finds_by_reading_all_rows(kind: str) -> None:
    calendar()
    rows = AuditEntry.objects.order_by("-id")
    if kind == "day":
        rows = rows.filter(at__year=2025, at__month=3)
    expected = list(rows.datetimes("at", kind))  # type: ignore[arg-type]  # one of its kinds
    found = periods.with_rows(rows, "at", kind)
    assert found == expected
    # Equal moments may be of different days: what the calendar shows and links to are these.
    assert [(one.year, one.month, one.day) for one in found] == [
        (one.year, one.month, one.day) for one in expected
    ]


def test_it_is_two_statements_however_many_periods_there_are_and_none_for_no_rows() -> None:
    assert periods.with_rows(AuditEntry.objects.all(), "at", "month") == []
    calendar()
    with CaptureQueriesContext(connection) as seen:
        assert len(periods.with_rows(AuditEntry.objects.all(), "at", "month")) == 4
    assert len(seen) == 2
    assert "LIMIT 1" in seen[1]["sql"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"at__year": "2025"},
        {"at__year": "2025", "at__month": "3"},
        {"at__year": "2025", "at__month": "3", "at__day": "31"},
        {"at__year": "2024", "at__month": "12"},
        {"at__gte": "2025-03-01 00:30:00+08:00", "at__lt": "2025-03-31 23:30:00+08:00"},
    ],
)
def test_what_an_address_asks_of_the_calendar_is_what_django_finds_by_it(asked: dict[str, str]) -> None:
    calendar()
    rows = AuditEntry.objects.order_by("-id")
    elsewhere = {"action": "查看手机号", "p": "2"}
    assert list(periods.chosen(rows, "at", {**asked, **elsewhere})) == list(rows.filter(**asked))
