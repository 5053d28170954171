"""Reads payments: is something open, what was captured for a bill, how refunds stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat

from apps.orders.models import Order
from apps.orders.states import Status
from apps.payments.models import Payment, Refund
from apps.payments.states import ENDABLE, ON_ITS_WAY, VOID, Origin, PaymentStatus, RefundStatus

# A notify takes seconds; after this silence WeChat is asked. With a ring every 10 s whatever was paid is found within
# 50 s, and what is paid within ten minutes of pressing "pay" is visible within a minute though WeChat tells nothing.
_SILENCE = timedelta(seconds=40)
_OFTEN_FOR = timedelta(minutes=11)
_LATER_EVERY = timedelta(minutes=3)
# Once more after a close: money that a bank had on its way when we closed, and whose notify got lost.
_AFTER_CLOSE = timedelta(minutes=5)
_CLOSED_SINCE = timedelta(days=1)
# How the cause of a refund begins that takes the place of one that WeChat closed.
_AFTER: Final = "after:"


def of_bill(*, bill_kind: str, bill_no: str) -> QuerySet[Payment]:
    """All attempts to pay a bill, newest first."""
    return Payment.objects.filter(bill_kind=bill_kind, bill_no=bill_no)


def of_order(*, order_no: str) -> QuerySet[Payment]:
    """All attempts to pay the bills of an order, newest first."""
    return Payment.objects.filter(order__order_no=order_no)


def has_open(attempts: QuerySet[Payment]) -> bool:
    """Whether one of these could still be paid at WeChat. Ask with what is owed locked, before releasing anything."""
    return attempts.filter(status=PaymentStatus.OPEN).exists()


def orders_with_open(order_ids: Collection[int]) -> set[int]:
    """Which of these orders have an attempt, of whichever of their bills, that could still be paid; asked likewise."""
    open_ones = Payment.objects.filter(order__in=order_ids, status=PaymentStatus.OPEN)
    return set(open_ones.order_by().values_list("order_id", flat=True))


def used(attempts: QuerySet[Payment]) -> QuerySet[Payment]:
    """Those of these attempts whose money paid their bills, the first paid first."""
    return attempts.filter(status=PaymentStatus.CAPTURED, is_surplus=False).order_by("captured_at", "id")


def captured_for(*, bill_kind: str, bill_no: str) -> Payment | None:
    """The attempt whose money paid the bill; None while it is unpaid or when nothing was to be paid."""
    return used(of_bill(bill_kind=bill_kind, bill_no=bill_no)).first()


class Sent(NamedTuple):
    """A refund as those who wait for the money know it: its first row, and the one that stands in its place now."""

    first: Refund
    latest: Refund


def refunds_of_orders(order_ids: Iterable[int]) -> dict[int, list[Sent]]:
    """The refunds of these orders' payments with those payments, by order id, oldest first: one query.

    Whatever they were paid for and whoever asked: after-sales, a deposit that goes back, money that came too late, the
    merchant console. Where WeChat closed a refund and it got a successor, the successor is the latest.
    """
    rows = list(
        Refund.objects.filter(payment__order_id__in=list(order_ids)).select_related("payment").order_by("id")
    )
    successors = {row.business_key: row for row in rows}
    found: dict[int, list[Sent]] = {}
    for row in rows:
        if row.business_key.startswith(_AFTER):
            continue
        latest = row
        while (later := successors.get(f"{_AFTER}{latest.refund_no}")) is not None:
            latest = later
        found.setdefault(row.payment.order_id or 0, []).append(Sent(row, latest))
    return found


def needing_somebody() -> QuerySet[Refund]:
    """Refunds that do not go on by themselves, or that wait for the merchant's balance to be topped up.

    What WeChat refused, called abnormal or closed without a successor; what it puts off for want of money; and whatever it
    sent to the shop's account, the console's too: the buyer waits for it.
    """
    ended = Q(status=RefundStatus.FAILED) | (Q(status=RefundStatus.CLOSED) & ~_taken_up_anew())
    short = Q(status=RefundStatus.REQUESTED, short_at__isnull=False)
    return Refund.objects.filter(Q(origin=Origin.SHOP) & (ended | short) | Q(status=RefundStatus.AT_SHOP))


def first_cause_of(*, refund_no: str) -> str | None:
    """The business key of a refund, of the first of its line where it takes the place of one that WeChat closed.

    None for a number that the shop does not know. A statement for each refund of the line.
    """
    key = Refund.objects.filter(refund_no=refund_no).values_list("business_key", flat=True).first()
    while key is not None and key.startswith(_AFTER):
        closed = Refund.objects.filter(refund_no=key.removeprefix(_AFTER))
        key = closed.values_list("business_key", flat=True).first()
    return key


def line_of(*, business_key: str) -> list[Refund]:
    """The refunds of a cause, each followed by those that took its place after WeChat closed it."""
    found = []
    waiting = list(Refund.objects.filter(business_key=business_key).order_by("part"))
    while waiting:
        refund = waiting.pop(0)
        found.append(refund)
        waiting[:0] = Refund.objects.filter(business_key=f"{_AFTER}{refund.refund_no}")
    return found


class Unbalanced(NamedTuple):
    """A payment or order whose figure is not the sum of its refunds, in fen."""

    what: str
    number: str
    says: int
    rows: int


def unbalanced() -> list[Unbalanced]:
    """What differs between payments, their refunds and what orders asked of WeChat: nothing, if all is well. Three queries.

    What WeChat brought to the payer is what a payment says went back; never more is promised than was captured; and what
    after-sales asked of WeChat for an order is under way under its causes, save what the merchant console had given back
    before.
    """
    # What the shop paid by another way is no movement of the payment's.
    amount_fen = Sum("refunds__amount_fen", filter=Q(refunds__status=RefundStatus.SETTLED), default=0)
    # Before the shop has heard of a payment, what the console gave back of it waits to be counted.
    arrived = Payment.objects.filter(status=PaymentStatus.CAPTURED).annotate(rows=amount_fen)
    promised_fen = Sum("refunds__amount_fen", filter=~Q(refunds__status__in=VOID), default=0)
    promised = Payment.objects.filter(status=PaymentStatus.CAPTURED).annotate(rows=promised_fen)
    found = [
        Unbalanced("refunded of payment", *row)
        for row in arrived.exclude(refunded_fen=F("rows")).values_list("payment_no", "refunded_fen", "rows")
    ]
    found += [
        Unbalanced("captured by payment", *row)
        for row in promised.filter(captured_fen__lt=F("rows")).values_list(
            "payment_no", "captured_fen", "rows"
        )
    ]
    theirs = Refund.objects.filter(payment__order=OuterRef("pk"), payment__is_surplus=False).order_by()
    asked = _total(theirs.filter(business_key__startswith="refund:"))
    console = _total(theirs.filter(origin=Origin.CONSOLE).exclude(status__in=VOID))
    orders = Order.objects.filter(refunds__isnull=False).annotate(
        says=Sum("refunds__wechat_fen"), rows=asked, console_fen=console
    )
    wrong = orders.filter(Q(rows__gt=F("says")) | Q(says__gt=F("rows") + F("console_fen")))
    found += [Unbalanced("refunds of order", *row) for row in wrong.values_list("order_no", "says", "rows")]
    return found


def _total(refunds: QuerySet[Refund]) -> Coalesce:
    """Their sum as a column: that of whatever row they are asked for."""
    return Coalesce(
        Subquery(refunds.values("payment__order").annotate(fen=Sum("amount_fen")).values("fen")), 0
    )


def captured_as(*, transaction_id: str) -> Payment | None:
    """The captured attempt with WeChat's number, with its order where it is of one; None for what is not ours."""
    if len(transaction_id) > 40:
        return None
    rows = Payment.objects.select_related("order").filter(transaction_id=transaction_id)
    return rows.filter(status=PaymentStatus.CAPTURED).first()


def paid_by(*, transaction_id: str) -> Payment | None:
    """The attempt with WeChat's number, with its order, if its money paid an order; else None."""
    return (
        Payment.objects.select_related("order")
        .filter(
            order__isnull=False,
            transaction_id=transaction_id,
            status=PaymentStatus.CAPTURED,
            is_surplus=False,
        )
        .first()
    )


def stuck() -> QuerySet[Refund]:
    """Refunds that wait for a person: failed, returned to the shop, or closed by WeChat; not taken up anew nor ended."""
    return Refund.objects.filter(status__in=ENDABLE).exclude(_taken_up_anew())


def still_owed() -> QuerySet[Refund]:
    """Refunds whose payer has not got the money and still may: on their way, or waiting for a person (``stuck``).

    One that WeChat closed is owed until another number takes its place or two people end it, and as long as its
    payment has money left: where the merchant console gave that back already, nothing is owed any more.
    """
    promised = Refund.objects.filter(payment=OuterRef("payment")).exclude(status__in=VOID).order_by()
    promised_fen = Subquery(promised.values("payment").annotate(fen=Sum("amount_fen")).values("fen"))
    at_hand = Q(payment__captured_fen__gt=Coalesce(promised_fen, 0))
    owed = Q(status__in=ON_ITS_WAY | (ENDABLE - VOID)) | (Q(status__in=ENDABLE & VOID) & at_hand)
    return Refund.objects.filter(owed).exclude(_taken_up_anew())


def with_money_statuses(orders: QuerySet[Order]) -> QuerySet[Order]:
    """These orders with ``money_statuses``: how the refunds of their used payments stand, those taken up anew left out."""
    refunds = Refund.objects.filter(payment__order=OuterRef("pk"), payment__is_surplus=False).exclude(
        _taken_up_anew()
    )
    return orders.annotate(money_statuses=ArraySubquery(refunds.values("status")))


def _taken_up_anew() -> Exists:
    """Whether another refund has taken the place of a row's, looked up for each row by the index of causes.

    That it is the later one goes without saying, but keeps the database from reading the causes of all refunds first.
    """
    cause = Concat(Value(_AFTER), OuterRef("refund_no"))
    return Exists(Refund.objects.filter(business_key=cause, pk__gt=OuterRef("pk")))


def numbers_of(transaction_ids: Sequence[str]) -> QuerySet[Payment, Any]:
    """Our numbers of the payments that WeChat knows by these."""
    return Payment.objects.filter(transaction_id__in=transaction_ids).order_by().values("payment_no")


def with_number(payment_no: str) -> Payment | None:
    """The attempt with this number, if there is one."""
    return Payment.objects.filter(payment_no=payment_no).first()


def order_paid_by(*, payment_no: str) -> str:
    """The number of the order that this attempt's money paid; empty where it paid none."""
    paid = Payment.objects.filter(payment_no=payment_no, status=PaymentStatus.CAPTURED, is_surplus=False)
    found: str | None = paid.values_list("order__order_no", flat=True).first()
    return found or ""


def console_back_fen(*, order_id: int) -> int:
    """What of an order's payments went back by WeChat's merchant console, in fen: no refund of the order says so."""
    return next((row["fen"] for row in console_back(order_id)), 0)


def console_back(order_id: int | OuterRef) -> QuerySet[Refund, Any]:
    """The same as ``fen`` of one row or none, also for a subquery."""
    back = Refund.objects.filter(payment__order_id=order_id, origin=Origin.CONSOLE, payment__is_surplus=False)
    by_order = back.exclude(status__in=VOID).order_by().values("payment__order_id")
    return by_order.annotate(fen=Sum("amount_fen")).values("fen")


def unheard(*, at: datetime) -> QuerySet[Payment]:
    """Attempts to ask WeChat about: open ones without news, and those closed a while ago, once.

    An open attempt is asked about every 40 s for eleven minutes after "pay" was pressed, then every three minutes; one
    whose order needs no money any more every 40 s, so that it gets closed. Pressing again never puts a question off.
    """
    never = Q(queried_at__isnull=True)
    pressed_lately = Q(pressed_at__gt=at - _OFTEN_FOR) | Q(started_at__gt=at - _OFTEN_FOR)
    open_ones = Q(status=PaymentStatus.OPEN, started_at__lt=at - _SILENCE) & (
        never
        | Q(queried_at__lt=at - _LATER_EVERY)
        | (
            Q(queried_at__lt=at - _SILENCE)
            & (pressed_lately | (Q(order__isnull=False) & ~Q(order__status=Status.UNPAID)))
        )
    )
    closed_ones = Q(
        status=PaymentStatus.CLOSED, closed_at__gt=at - _CLOSED_SINCE, closed_at__lt=at - _AFTER_CLOSE
    ) & (never | Q(queried_at__lt=F("closed_at") + _AFTER_CLOSE))
    never_asked_first = F("queried_at").asc(nulls_first=True)
    return Payment.objects.filter(open_ones | closed_ones).order_by(never_asked_first, "id")


def refunded_order_of(refund_no: str) -> tuple[int, str] | None:
    """The member and the number of the order that a refund is of; None where it is of no order."""
    of_order = Refund.objects.filter(refund_no=refund_no, payment__order__isnull=False)
    found: tuple[int, str] | None = of_order.values_list(
        "payment__order__member_id", "payment__order__order_no"
    ).first()
    return found
