"""The nudge to a worker is a courtesy: nobody waits for a broker that says nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.utils import timezone

from apps.base import nudges
from apps.base.cache import breaker_of
from apps.outbox import services as outbox
from apps.outbox import tasks
from apps.outbox.models import Delivery
from mall.events import OrderPaid
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def test_a_mute_redis_is_noticed_by_the_cache_and_the_nudge_is_dropped(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(nudges.current_app, "send_task", lambda *_, **__: pytest.fail("nudged"))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)  # takes connections and never says a word
        server = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        settings.CELERY_BROKER_URL = server
        settings.CACHES = {"default": {"BACKEND": "apps.base.cache.SoftRedisCache", "LOCATION": server}}

        with django_capture_on_commit_callbacks(execute=True) as left:
            nudges.after_commit(outbox.DELIVER)

        assert len(left) == 1
        assert breaker_of(server).is_open


def test_a_rush_of_news_asks_a_worker_once_until_it_begins(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(
        nudges.current_app, "send_task", lambda name, *, expires: asked.append((name, expires))
    )

    at, buyer = timezone.now(), members.member()

    def announced_thrice() -> int:
        for number in range(3):
            with django_capture_on_commit_callbacks(execute=True):
                outbox.publish(OrderPaid(order_no=f"SO{number}", member_id=buyer.pk), at=at)
        return len(asked)

    before = announced_thrice()
    nudges.heard(outbox.DELIVER)
    announced_thrice()

    assert (before, asked) == (1, [(tasks.deliver.name, 30)] * 2)


def test_a_worker_that_leaves_mail_behind_asks_for_another_round(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    at, buyer = timezone.now(), members.member()
    for number in range(2):
        outbox.publish(OrderPaid(order_no=f"SO{number}", member_id=buyer.pk), at=at)
    outbox.sort_mail(at=at)
    waiting = Delivery.objects.count()
    assert waiting > 1

    monkeypatch.setattr(nudges, "after_commit", asked.append)
    assert outbox.deliver_due(at=at, limit=waiting - 1) == waiting - 1
    left_some = asked.count(outbox.DELIVER)
    assert outbox.deliver_due(at=at, limit=waiting) == 1

    assert (left_some, asked.count(outbox.DELIVER)) == (1, 1)
