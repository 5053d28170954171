"""Whose clock: sweeps go by the database's, and a process whose clock is wrong is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.base import clock, jobs, pulses
from apps.base.models import JobRun, Pulse
from apps.checkout import tasks as counter_tasks
from apps.orders.models import Order
from tests.apps.checkout import make as counter

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that puts this machine's clock wrong by so much."""
    true = timezone.now

    def wrong(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: true() + by)

    yield wrong


def true_now() -> datetime:
    return datetime.now(tz=UTC)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_sweep_is_told_the_databases_time_whatever_the_workers_clock_says(
    machine: Any, by: timedelta, log_lines: StringIO
) -> None:
    machine(by)
    told: list[datetime] = []
    jobs.run("test.sweep", lambda at: told.append(at) or 0)
    assert abs(told[0] - true_now()) < timedelta(minutes=1)
    ran = JobRun.objects.get(name="test.sweep")
    assert told[0] == ran.started_at <= ran.finished_at < true_now() + timedelta(minutes=1)
    assert "clock_wrong" in log_lines.getvalue()


def test_a_worker_an_hour_ahead_closes_no_fresh_order(machine: Any) -> None:
    member, address = counter.buyer()
    placed = counter.order(member, address, [(counter.goods(), 1)], at=true_now())
    machine(HOUR)
    counter_tasks.close_expired()
    assert Order.objects.get(pk=placed.pk).status == "UNPAID"


@pytest.mark.parametrize(("by", "seconds"), [(HOUR, 3600), (-HOUR, -3600), (timedelta(0), 0)])
def test_how_far_a_clock_is_wrong(machine: Any, by: timedelta, seconds: int) -> None:
    machine(by)
    assert round(clock.read()[1].total_seconds(), -1) == seconds


@pytest.mark.parametrize(("wrong", "state"), [(5, 200), (6, 503), (-6, 503)])
def test_seconds_apart_are_an_alarm_with_the_process_named(wrong: int, state: int) -> None:
    pulses.pulse(name="beat")
    pulses.beat_heard(name="worker", at=true_now(), ahead=timedelta(seconds=wrong))
    answer = Client().get("/readyz")
    said = f"worker {abs(wrong)} s {'ahead' if wrong > 0 else 'behind'}"
    assert (answer.status_code, answer.json()["parts"]["clock"]) == (state, "ok" if state == 200 else said)


def test_the_web_process_is_named_too_and_beat_and_worker_stay_alive(machine: Any) -> None:
    pulses.pulse(name="beat")
    pulses.pulse(name="worker")
    machine(HOUR)
    assert Client().get("/readyz").json()["failing"] == ["clock"]
    assert Client().get("/readyz").json()["parts"]["clock"] == "web 3600 s ahead"


def test_a_process_whose_clock_is_ahead_is_silent_when_it_is(machine: Any) -> None:
    machine(HOUR)
    pulses.pulse(name="worker")
    heard = Pulse.objects.get(name="worker")
    assert abs(heard.heard_at - true_now()) < timedelta(minutes=1)
    assert round(heard.ahead_ms / 1000, -1) == 3600


def test_prometheus_reads_the_clocks() -> None:
    pulses.beat_heard(name="worker", at=true_now(), ahead=timedelta(seconds=90))
    told = Client().get("/metrics").content.decode()
    assert 'mall_clock_ahead_seconds{process="worker"} 90.0' in told
    assert 'mall_clock_ahead_seconds{process="web"}' in told


def test_a_clock_beyond_all_bounds_is_still_told() -> None:
    pulses.beat_heard(name="worker", at=true_now(), ahead=timedelta(days=10_000))
    assert Pulse.objects.get(name="worker").ahead_ms == 2**31 - 1
