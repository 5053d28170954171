"""The nudge to a worker is a courtesy: nobody waits for a broker that says nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from apps.base.cache import breaker_of
from apps.outbox import services as outbox
from apps.outbox import tasks


def test_a_mute_redis_is_noticed_by_the_cache_and_the_nudge_is_dropped(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **_: pytest.fail("nudged"))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)  # takes connections and never says a word
        server = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        settings.CELERY_BROKER_URL = server
        settings.CACHES = {"default": {"BACKEND": "apps.base.cache.SoftRedisCache", "LOCATION": server}}

        outbox._nudge()

        assert breaker_of(server).is_open
