"""Many workers, one letter: it is delivered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

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


def _forget(_: int) -> int:
    try:
        return outbox.prune(at=AT + timedelta(days=31), limit=3)
    finally:
        connection.close()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_who_forget_at_once_forget_each_old_news_once_and_none_that_waits(settings: object) -> None:
    settings.OUTBOX_SUBSCRIPTIONS = "tests.apps.outbox.listeners.BOARD"  # type: ignore[attr-defined]
    listeners.BOARD.clear()
    listeners.BOARD[OrderPaid] = ["tests.apps.outbox.listeners.note"]
    with transaction.atomic():
        for number in range(40):
            outbox.publish(OrderPaid(order_no=f"SO{number}", member_id=1), at=AT)
    outbox.deliver_due(at=AT)
    Delivery.objects.filter(announcement__payload__order_no="SO7").update(status="DEAD", done_at=None)

    with ThreadPoolExecutor(4) as workers:
        gone = sum(workers.map(_forget, range(4)))
    gone += _forget(0)  # whoever met only what others had locked stopped early

    assert gone == 39
    assert [row.announcement.payload["order_no"] for row in Delivery.objects.all()] == ["SO7"]
