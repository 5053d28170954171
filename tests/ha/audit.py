"""After a trial: everything that shoppers were told is so, the books agree, and the post is delivered."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from django.db import Error, connection

from apps.orders.models import Order
from apps.orders.states import Status
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus
from apps.payments.models import Payment
from apps.payments.states import PaymentStatus
from tests.ha.load import Told
from tests.ha.stage import Stage, say

CHECKS = (
    "ledgers",
    "points",
    "wallets",
    "refunds",
    "payments",
    "reductions",
    "quotas",
    "groups",
    "personal_data",
)
# A worker that is killed while a listener talks to the world keeps the delivery for the five minutes of its lease.
_WITHIN_SECONDS = 360.0


def size() -> tuple[int, int]:
    """Bytes of the database on disk, and of the log that was ever written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
        )
        on_disk, log = cursor.fetchone()
    return int(on_disk), int(log)


def holds(stage: Stage, told: Told) -> None:
    """Raise AssertionError unless nothing that was acknowledged is lost, nothing is there twice, and all checks pass."""
    connection.close()  # the server of this process's connection may have died in the trial
    kept = set(Order.objects.filter(idempotency_key__startswith="ha-").values_list("order_no", flat=True))
    lost = set(told.orders) - kept
    assert not lost, f"{len(lost)} acknowledged orders are lost: {sorted(lost)[:5]}"
    assert len(told.orders) == len(set(told.orders)), "an order was acknowledged to two requests"
    # One key is one order; what is there beyond was asked for, and its answer never came.
    beyond = len(kept) - len(told.orders)
    assert 0 <= beyond <= told.unanswered, f"{beyond} orders that nobody was told of"
    until(lambda: not _unpaid(told.paid), "paid orders are not paid: {}", lambda: _unpaid(told.paid)[:5])
    drains()
    dead = Delivery.objects.filter(status=DeliveryStatus.DEAD).count()
    assert dead == 0, f"{dead} deliveries are dead"
    twice = [
        number
        for number, times in Counter(
            Payment.objects.filter(status=PaymentStatus.CAPTURED).values_list("bill_no", flat=True)
        ).items()
        if times > 1
    ]
    assert not twice, f"paid twice: {twice[:5]}"
    for name in CHECKS:
        done = stage.manage(f"check_{name}")
        assert done.returncode == 0, f"check_{name}: {(done.stdout + done.stderr)[-600:]}"
    delivered = Delivery.objects.filter(status=DeliveryStatus.DONE).count()
    faults = ", ".join(f"{name} × {times}" for name, times in told.faults.most_common()) or "none"
    say(
        f"{len(told.orders)} orders acknowledged, all there; {len(told.paid)} paid at WeChat, all of them paid here"
    )
    say(f"{delivered} deliveries done, none waiting, none dead; {len(CHECKS)} check commands passed")
    say(f"answers that were asked for again: {faults}; given up: {told.unanswered}")
    say(f"the longest time without an acknowledged order: {told.longest_gap():.1f} s")


def _unpaid(numbers: list[str]) -> list[str]:
    unpaid = Order.objects.filter(status__in=[Status.UNPAID, Status.CLOSED]).values_list(
        "order_no", flat=True
    )
    return sorted(set(numbers) & set(unpaid))


def mail_waiting() -> int:
    """How many announcements are unsorted, and deliveries not made."""
    unsorted = Announcement.objects.filter(sorted_at=None).count()
    return unsorted + Delivery.objects.filter(status=DeliveryStatus.WAITING).count()


def drains() -> None:
    """Wait until no mail waits. Raises AssertionError where six minutes made it no less: a busy machine is only slow."""
    least, ends = sys.maxsize, time.monotonic() + _WITHIN_SECONDS
    while True:
        with suppress(Error):  # the server may just be coming back
            waiting = mail_waiting()
            if not waiting:
                return
            if waiting < least:
                least, ends = waiting, time.monotonic() + _WITHIN_SECONDS
        assert time.monotonic() < ends, f"the outbox does not drain: {least}"
        time.sleep(0.5)
        connection.close()


def until(
    reached: Callable[[], bool],
    fault: str,
    now: Callable[[], object],
    *,
    within: float = _WITHIN_SECONDS,
) -> None:
    """Wait until something is so. Raises AssertionError with what is so ``now`` when it took too long."""
    ends = time.monotonic() + within
    while True:
        with suppress(Error):  # the server may just be coming back
            if reached():
                return
        assert time.monotonic() < ends, fault.format(now())
        time.sleep(0.5)
        connection.close()
