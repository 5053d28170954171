"""Many workers, one letter: it is delivered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from mall.events import OrderPaid
from tests.apps.outbox import listeners

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def _work(_: int) -> int:
    try:
        return outbox.deliver_due(at=AT)
    finally:
        connection.close()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_deliver_forty_letters_once_each(settings: object) -> None:
    settings.OUTBOX_SUBSCRIPTIONS = "tests.apps.outbox.listeners.BOARD"  # type: ignore[attr-defined]
    listeners.heard.clear()
    listeners.BOARD.clear()
    listeners.BOARD[OrderPaid] = ["tests.apps.outbox.listeners.note"]
    with transaction.atomic():
        for number in range(40):
            outbox.publish(OrderPaid(order_no=f"SO{number}", member_id=1), at=AT)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(_work, range(8)))
    _work(0)

    assert sorted(event.order_no for event in listeners.heard) == sorted(f"SO{n}" for n in range(40))  # type: ignore[attr-defined]
    assert Delivery.objects.filter(status="DONE").count() == 40
