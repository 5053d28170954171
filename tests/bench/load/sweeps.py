"""What workers do without being asked: closing, receiving, settling, delivering; each counted in real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from apps.orders.models import Order
from apps.orders.states import Status
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from config.local.places import ROOT
from tests.bench.load import processor
from tests.bench.load.copying import copied
from tests.bench.load.drive import Refused
from tests.bench.load.figures import Figure, Goal
from tests.bench.load.listeners import NEWS

_LEAST_ORDERS: Final = Goal(1_000)
# What was reached where two cores were shared by eight, with room for noise.
_FLOOR: Final = Goal(600)
_FLOOR_SETTLED: Final = Goal(250)
_LEAST_DELIVERIES: Final = Goal(1_500)


@dataclass(frozen=True)
class _Done:
    """So many in so many seconds, with the processor time of each in milliseconds."""

    number: int
    seconds: float
    spent: processor.Spent

    def shared_by(self, number: int) -> _Done:
        """The same work counted by another number of things."""
        each = self.number / number
        spent = processor.Spent(self.spent.web * each, self.spent.postgres * each)
        return _Done(number, self.seconds, spent)

    def figure(self, name: str, goal: Goal, floor: Goal | None = None) -> Figure:
        """As a line of the report."""
        rate, spent = self.number / max(self.seconds, 1e-9), self.spent
        return Figure(
            name, rate, rounds=(rate,), web=spent.web, postgres=spent.postgres, goal=goal, floor=floor
        )


def measured(url: str, *, deliveries: int, at: datetime) -> list[Figure]:
    """Close what is overdue, confirm what was shipped long ago, settle it, deliver news to two listeners.

    Raises Refused where anything was left undone.
    """
    due = {status: Order.objects.filter(status=status) for status in (Status.UNPAID, Status.SHIPPED)}
    expired = due[Status.UNPAID].filter(expires_at__lte=at, order_no__startswith="SO").count()
    # The demo shop has some that left just now.
    long_ago = at - timedelta(days=settings.ORDER_AUTO_RECEIVE_DAYS)
    shipped = due[Status.SHIPPED].filter(shipped_at__lte=long_ago).count()
    _forget_news()
    closed = _work("close", workers=_cores())
    _expect("closed", closed.number, expired)
    _forget_news()
    received = _work("receive", workers=_cores())
    _expect("received", received.number, shipped)
    # Several listeners hear of each: what counts is the order, not the delivery.
    settled = _delivered(received.number).shared_by(received.number)
    _announce(url, deliveries // 2, at=at)
    delivered = _delivered(deliveries)
    cores = f"{_cores()} worker process{'es' if _cores() > 1 else ''}"
    return [
        closed.figure(f"close unpaid orders, {cores}", _LEAST_ORDERS, _FLOOR),
        received.figure(f"confirm receipts, {cores}", _LEAST_ORDERS, _FLOOR),
        settled.figure(f"settle received orders, {cores}", _LEAST_ORDERS, _FLOOR_SETTLED),
        delivered.figure(f"deliver to two listeners, {cores}", _LEAST_DELIVERIES),
    ]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _delivered(number: int) -> _Done:
    """Deliver all news. Raises Refused where a listener failed, or heard too little."""
    done = _work("deliver", workers=_cores())
    undone = Delivery.objects.exclude(status=DeliveryStatus.DONE).count()
    _expect("undelivered", undone, 0)
    if done.number < number:
        raise Refused(f"{done.number} deliveries where {number} were due")
    return done


def _announce(url: str, number: int, *, at: datetime) -> None:
    select = (
        "SELECT %(kind)s, jsonb_build_object('member_id', n), %(at)s FROM generate_series(1, %(number)s) AS n"
    )
    told = {"kind": NEWS.name, "at": at, "number": number}
    copied(url, "outbox_announcement", "kind, payload, announced_at", select, told)
    # A shop that has sold for years knows how large these are; here they were empty a moment ago.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_announcement, outbox_delivery")


def _forget_news() -> None:
    """Take what was announced until now as heard: it is not what is measured next."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_announcement SET sorted_at = now() WHERE sorted_at IS NULL")


def _expect(what: str, number: int, of: int) -> None:
    if number != of:
        raise Refused(f"{what}: {number} where it should be {of}")


def _work(job: str, *, workers: int) -> _Done:
    """Let so many processes do a job, all beginning at once, until nothing is left for any."""
    command = [sys.executable, "-m", "tests.bench.load.worker", job]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(workers)
    ]
    try:
        for process in processes:
            _said(process, job)
        database = str(connection.settings_dict["NAME"])
        before = processor.used(database)
        for process in processes:
            print(file=process.stdin, flush=True)
        told = [_said(process, job).split() for process in processes]
        number, seconds = sum(int(done) for done, _ in told), max(float(took) for _, took in told)
        return _Done(number, seconds, processor.used(database).since(before, answers=number))
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _said(process: subprocess.Popen[str], job: str) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Refused(f"the worker that should {job} ended with status {process.wait()}")
    return line
