"""Letters are found by indexes, also by a plan that was made when there were few and is kept while they grow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.base import planned
from apps.outbox import delivering
from apps.outbox.models import Announcement, Delivery

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_letters_that_were_told_together_are_looked_up_in_a_table_that_nobody_has_counted() -> None:
    """In a new shop PostgreSQL takes reading all of it for cheaper than ten keys; a minute of orders later it is not."""
    news = Announcement.objects.create(kind="OrderReceived", payload={}, announced_at=AT)
    letters = [
        Delivery(announcement=news, listener=f"apps.points.handlers.settle_on_order_received_{n}", due_at=AT)
        for n in range(1_000)
    ]
    Delivery.objects.bulk_create(letters)
    ids = [letter.pk for letter in letters[:100]]
    told = delivering._DONE_TOGETHER
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'outbox_delivery'::regclass")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(told.prepare.replace(told.name, "trial"))
        cursor.execute(
            f"EXPLAIN {told.execute.replace(told.name, 'trial')}", [AT, planned.array(ids), len(ids)]
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE trial")
    assert "Index Scan using outbox_delivery_pkey" in plan
    assert "Seq Scan" not in plan
