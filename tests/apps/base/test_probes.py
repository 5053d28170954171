"""/readyz tells the truth: ready only when every part works, and which part does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.test import Client
from django.utils import timezone

from apps.base import jobs, nudges, pulses
from apps.base.cache import SoftRedisCache, breaker_of
from apps.base.models import JobRun, Pulse

pytestmark = pytest.mark.django_db

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def closed_breaker() -> None:
    breaker_of(NOWHERE).close()


def beat_and_worker_heard(**ago: float) -> None:
    for name in ("beat", "worker"):
        pulses.beat_heard(name=name, at=timezone.now() - timedelta(seconds=ago.get(name, 0)))


def test_ready_when_everything_works() -> None:
    beat_and_worker_heard()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (200, [])


@pytest.mark.parametrize("name", ["beat", "worker"])
def test_a_minute_of_silence_is_a_fault_with_a_name(name: str) -> None:
    beat_and_worker_heard(**{name: 61})
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, [name])


def test_a_shop_whose_beat_never_ran_is_not_ready() -> None:
    Pulse.objects.all().delete()
    assert Client().get("/readyz").json()["failing"] == ["beat", "worker"]


def test_a_broker_that_is_away_is_named(settings: Any) -> None:
    beat_and_worker_heard()
    settings.CELERY_BROKER_URL = NOWHERE
    assert Client().get("/readyz").json()["failing"] == ["broker"]


def test_healthz_answers_without_asking_anybody(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").status_code == 200


def test_metrics_are_there_for_prometheus() -> None:
    Client().get("/healthz")
    told = Client().get("/metrics").content.decode()
    assert 'django_http_responses_total_by_status_view_method_total{method="GET",status="200"' in told
    assert "django_http_requests_latency_seconds_by_view_method_bucket" in told


def test_a_cache_that_is_away_forgets_instead_of_failing() -> None:
    lost = SoftRedisCache(NOWHERE, {})
    assert lost.reachable() is False
    assert (lost.get("k", "none"), lost.set("k", 1), lost.add("k", 1), lost.delete("k")) == (
        "none",
        None,
        False,
        False,
    )
    assert lost.get_many(["a"]) == {}


def test_after_a_failure_redis_is_left_alone_for_a_while(monkeypatch: Any) -> None:
    lost = SoftRedisCache(NOWHERE, {})
    lost.get("k")
    monkeypatch.setattr(type(lost), "_cache", property(lambda self: pytest.fail("asked again")))
    assert lost.get("k", "none") == "none"


def test_who_is_known_to_be_away_is_not_nudged_either(
    settings: Any, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CELERY_BROKER_URL = NOWHERE
    SoftRedisCache(NOWHERE, {}).get("k")
    monkeypatch.setattr(nudges.current_app, "send_task", lambda *_, **__: pytest.fail("nudged"))
    with django_capture_on_commit_callbacks(execute=True) as left:
        nudges.after_commit("outbox.deliver")
    assert len(left) == 1


def test_the_real_cache_keeps_what_it_is_given() -> None:
    cache.set("k", 7)
    assert (cache.get("k"), caches["default"].reachable()) == (7, True)  # type: ignore[attr-defined]


def test_a_job_writes_down_its_last_run() -> None:
    assert jobs.run("sweep", lambda at: 3) == 3
    row = JobRun.objects.get(name="sweep")
    assert (row.handled, row.error, row.succeeded_at is not None) == (3, "", True)


def test_a_job_that_fails_says_why_and_keeps_its_last_success() -> None:
    jobs.run("sweep", lambda at: 3)
    before = JobRun.objects.get(name="sweep").succeeded_at
    with pytest.raises(ZeroDivisionError):
        jobs.run("sweep", lambda at: 1 // 0)
    row = JobRun.objects.get(name="sweep")
    assert (row.error, row.succeeded_at) == ("ZeroDivisionError: integer division or modulo by zero", before)


def test_browsers_find_the_icon_that_they_ask_for() -> None:
    answer = Client().get("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/x-icon")
    assert b"".join(answer)[:4] == b"\x00\x00\x01\x00"  # type: ignore[arg-type]  # a file is sent in pieces
