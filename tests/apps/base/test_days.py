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


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC"])
@pytest.mark.parametrize("at", MOMENTS)
def test_a_moment_is_told_as_serializers_tell_it(at: datetime, zone: str):
    with override_settings(TIME_ZONE=zone):
        assert days.told(at) == DateTimeField().to_representation(at)
