"""After the storm: everything that anybody was told is so, WeChat's books are ours, and nothing waits any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.fulfillment.models import Parcel
from apps.orders.models import Order
from apps.orders.states import Status
from apps.outbox import delivering
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from apps.payments.models import Payment, Refund
from apps.payments.states import PaymentStatus, RefundStatus
from apps.wechat.sandbox.control import Sandbox
from tests.chaos.telling import Told
from tests.ha import audit
from tests.ha.stage import Stage, say

# What was put off in the storm comes due within minutes of it.
_until = partial(audit.until, within=240.0)
# Who lives has told of a letter by then; who lost the database in between never tells, and keeps it for its whole lease.
_IN_HAND: Final = timedelta(seconds=30)


def holds(stage: Stage, told: Told, *, worker_died_at: datetime) -> int:
    """Return how many refunds there were; raise AssertionError for whatever is lost, doubled, or waits for ever."""
    connection.close()
    assert not told.wrong, f"{len(told.wrong)} answers were faults of ours: {told.wrong[:5]}"
    _nothing_is_lost(told)
    _until(lambda: not _unpaid(told.paid), "paid orders are not paid: {}", lambda: _unpaid(told.paid)[:5])
    _take_from_the_dead(worker_died_at)
    _until(lambda: not _waiting(), "the queues do not drain: {}", _waiting)
    dead = Delivery.objects.filter(status=DeliveryStatus.DEAD).count()
    assert dead == 0, f"{dead} deliveries are dead"
    _until(
        lambda: not _other_books(stage.wechat),
        "WeChat's books differ: {}",
        lambda: _other_books(stage.wechat)[:5],
    )
    say("the queues have drained, and WeChat's books are ours")
    done = stage.manage("check_invariants")
    assert done.returncode == 0, f"check_invariants: {(done.stdout + done.stderr)[-1500:]}"
    say(done.stdout.strip().splitlines()[-1])
    return Refund.objects.count()


def _nothing_is_lost(told: Told) -> None:
    kept = set(Order.objects.filter(idempotency_key__startswith="chaos-").values_list("order_no", flat=True))
    _all_there("orders", told.orders, kept)
    beyond = len(kept - told.orders)
    assert beyond <= told.unanswered, f"{beyond} orders that nobody asked for twice or was told of"
    _all_there("applications", told.applications, AfterSale.objects.values_list("after_sale_no", flat=True))
    _all_there("parcels", told.shipped, Parcel.objects.values_list("order_id", flat=True))
    back = Order.objects.filter(order_no__in=Refund.objects.values("payment__bill_no"))
    _all_there("whole refunds", told.given_back, back.values_list("pk", flat=True))
    received = Order.objects.filter(received_at__isnull=False).values_list("order_no", flat=True)
    _all_there("receipts", told.received, received)


def _all_there(what: str, acknowledged: Iterable[str], found: Iterable[Any]) -> None:
    lost = set(acknowledged) - set(map(str, found))
    assert not lost, f"{len(lost)} acknowledged {what} are lost: {sorted(lost)[:5]}"
    say(f"{what}: {len(set(acknowledged))} acknowledged, all there")


def _unpaid(numbers: Iterable[str]) -> list[str]:
    """Of these orders those for which neither the goods nor the money are on their way: paid too late is paid back."""
    rows = Order.objects.filter(order_no__in=list(numbers), status__in=[Status.UNPAID, Status.CLOSED])
    given_back = set(Refund.objects.values_list("payment__bill_no", flat=True))
    return sorted(row.order_no for row in rows if row.order_no not in given_back)


def _take_from_the_dead(worker_died_at: datetime) -> None:
    """Have letters come again now that a worker took and never told of, as they would when its lease is over."""
    _leased().filter(due_at__lt=worker_died_at + delivering._LEASE).update(due_at=timezone.now())
    with suppress(AssertionError):
        audit.until(lambda: not _leased().exists(), "", str, within=_IN_HAND.total_seconds())
    _leased().update(due_at=timezone.now())


def _leased() -> QuerySet[Delivery]:
    """Letters that were tried, said nothing and are not due for long."""
    return Delivery.objects.filter(
        status=DeliveryStatus.WAITING, attempts__gt=0, last_error="", due_at__gt=timezone.now() + _IN_HAND
    )


def _waiting() -> dict[str, int]:
    """What still has to be done, by kind: mail, refunds that are not at their end."""
    counted = {
        "mail": audit.mail_waiting(),
        "refunds": Refund.objects.exclude(status__in=_ENDS).count(),
    }
    return {name: number for name, number in counted.items() if number}


_ENDS: Final = frozenset(RefundStatus) - {RefundStatus.REQUESTED, RefundStatus.PROCESSING}


def _other_books(wechat: Sandbox) -> list[str]:
    """What WeChat has been paid, and has paid back, that our books do not say, or say otherwise."""
    paid = {
        str(row["out_trade_no"]): int(row["amount_fen"])
        for row in wechat.transactions()
        if row["state"] in {"SUCCESS", "REFUND"}
    }
    ours = dict(Payment.objects.filter(status=PaymentStatus.CAPTURED).values_list("payment_no", "amount_fen"))
    back: Counter[str] = Counter()
    for row in wechat.refunds():
        if row["status"] == "SUCCESS":
            back[str(row["out_refund_no"])] += int(row["refund_fen"])
    returned = dict(Refund.objects.filter(status=RefundStatus.SETTLED).values_list("refund_no", "amount_fen"))
    return [
        *(
            f"paid {number}: {paid.get(number)} there, {ours.get(number)} here"
            for number in _differing(paid, ours)
        ),
        *(
            f"refunded {number}: {back.get(number)} there, {returned.get(number)} here"
            for number in _differing(back, returned)
        ),
    ]


def _differing(theirs: dict[str, int] | Counter[str], ours: dict[str, int]) -> list[str]:
    return sorted(number for number in {*theirs, *ours} if theirs.get(number) != ours.get(number))
