"""How moments are told: as Django REST framework tells those of serializers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.test import override_settings
from rest_framework.fields import DateTimeField

from apps.base import days

MOMENTS = (
    datetime(2026, 11, 29, 16, 0, tzinfo=UTC),
    datetime(2026, 2, 28, 15, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 11, 30, 0, 30, tzinfo=timezone(timedelta(hours=8))),
)


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), "12-31 23:59"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027-01-01 00:00"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025-12-31 23:59"),
        (datetime(9999, 12, 31, 15, 59, tzinfo=UTC), "9999-12-31 23:59"),
    ],
)
def test_a_minute_of_another_year_in_the_shop_says_its_year(instant: datetime, said: str):
    assert days.minute(instant, at=datetime(2026, 1, 1, tzinfo=UTC)) == said
    assert days.minute(instant, at=MOMENTS[0], seconds=True) == f"{said}:00"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC"])
@pytest.mark.parametrize("at", MOMENTS)
def test_a_moment_is_told_as_serializers_tell_it(at: datetime, zone: str):
    with override_settings(TIME_ZONE=zone):
        assert days.told(at) == DateTimeField().to_representation(at)
