"""A promise begins when an order is paid, and ends when it has left or its money went back.

WeChat's limit for ordinary goods: 小程序 发货信息管理服务, trade_manage_remind_shipping, 48 hours after the payment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from apps.base.days import day_window, shop_day
from apps.deadlines import reckoning
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline, DeadlineRules, Promise
from apps.deadlines.services import delaying, promising
from apps.deadlines.states import Outcome, Source
from apps.orders import services as orders
from apps.orders.models import Order, OrderMove
from apps.orders.states import Status
from apps.outbox import services as outbox
from mall.events import LateParcelAsked

# WeChat reminds of what it has not heard of as sent so long after the payment; days off do not move that.
WECHAT_LIMIT: Final = timedelta(hours=48)
_OVER: Final = (Status.SHIPPED, Status.RECEIVED, Status.REFUNDED)


class Agreed(NamedTuple):
    """What an order's activity agreed on, and holds as it is: ``limit_at`` is when WeChat takes it for late."""

    promised_at: datetime
    limit_at: datetime


def fix(*, order_no: str, agreed: Agreed | None = None, at: datetime) -> Deadline | None:
    """Fix by when a paid order leaves; safe to repeat, what is fixed stays. None for what is not paid (any more),
    and for what is virtual, or fetched or brought by the shop at no agreed time.

    The end of a slot that was agreed on is the promise, whatever the goods say: its buyer chose it. Otherwise it is
    reckoned from the moment at which the order became PAID (a group-buy: formed), by the rules, days and promises of now;
    the latest of its goods decides, for an order leaves whole. What an activity ``agreed`` on is taken as it is. Of what
    WeChat collected nothing for it has no limit. Publishes LateParcelAsked where WeChat has to be told that a promise is
    later than its limit. Raises NotFound.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        known = Deadline.objects.filter(order=order).first()
        owed_at = _owed_at(order)
        if known is not None or owed_at is None or order.paid_at is None:
            return known
        source, promised_at = _promised(order, agreed, owed_at=owed_at)
        limit_at = agreed.limit_at if agreed else order.paid_at + WECHAT_LIMIT
        row = Deadline(
            order=order,
            source=source,
            owed_at=owed_at,
            first_promised_at=promised_at,
            promised_at=promised_at,
            limit_at=limit_at if order.due_fen else None,
        )
        promising.set_due(row)
        row.save()
        if order.status in _OVER:
            _end(row, order, at=at)
        elif deadline_facts.late_parcel(order) is not None:
            outbox.publish(LateParcelAsked(order_no=order_no), at=at)
    return row


def note_reported(*, order_no: str, until: datetime) -> bool:
    """WeChat was told, for all payments of an order, that it leaves as late as ``until``: its limit moves there.

    Says whether it moved; it never moves back. Raises NotFound.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        row = Deadline.objects.filter(order=order, ended_at__isnull=True).first()
        if row is None or row.limit_at is None or until <= row.limit_at:
            return False
        row.limit_at, row.warned_at = until, None
        promising.set_due(row)
        row.save(update_fields=["limit_at", "warned_at", "due_at"])
    return True


def note_reminded(*, order_no: str, at: datetime) -> bool:
    """WeChat complains that an order was not sent; say whether it still burns."""
    rows = Deadline.objects.filter(order__order_no=order_no, ended_at__isnull=True)
    return bool(rows.update(reminded_at=at))


def end(*, order_no: str, at: datetime) -> bool:
    """The order has left, or its money went back: its promise was kept or not. Safe to repeat. Raises NotFound.

    Says whether this call ended it. What was offered of a delay, and is not answered, is void.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status not in _OVER:
            return False
        delaying.void(order=order, at=at)
        row = Deadline.objects.filter(order=order, ended_at__isnull=True).first()
        if row is None:
            return False
        _end(row, order, at=at)
    return True


def _end(row: Deadline, order: Order, *, at: datetime) -> None:
    if order.shipped_at is None:
        row.outcome, row.ended_at = Outcome.GONE, at
    else:
        row.ended_at = order.shipped_at
        row.outcome = Outcome.KEPT if order.shipped_at < row.first_promised_at else Outcome.LATE
    row.save(update_fields=["outcome", "ended_at"])


def _owed_at(order: Order) -> datetime | None:
    """When it became PAID; None for what is not, or never was before its money went back, and for what neither a parcel
    nor a slot promises.
    """
    by_no_parcel = order.virtual or (order.delivery is not None and order.slot is None)
    if order.status not in (Status.PAID, *_OVER) or by_no_parcel:
        return None
    moves = OrderMove.objects.filter(order=order, to_status=Status.PAID).order_by("id")
    return moves.values_list("at", flat=True).first()


def _promised(order: Order, agreed: Agreed | None, *, owed_at: datetime) -> tuple[Source, datetime]:
    if agreed is not None:
        return Source.STORED, agreed.promised_at
    if order.slot is not None:
        return Source.SLOT, datetime.fromisoformat(order.slot["ends_at"])
    rules = deadline_facts.rules()
    days = deadline_facts.days_from(shop_day(owed_at), by=rules)
    found = [_of_line(row, owed_at, rules=rules, days=days) for row in deadline_facts.promises_of(order)]
    ordinary = reckoning.within(owed_at, hours=rules.promise_hours, days=days)
    return max(found or [(Source.ORDINARY, ordinary)], key=lambda each: each[1])


def _of_line(
    row: Promise | None, owed_at: datetime, *, rules: DeadlineRules, days: reckoning.Days
) -> tuple[Source, datetime]:
    """What one line promises. A day that is over promises nothing: whoever buys later has the ordinary time."""
    if row is not None and row.hours is not None:
        return Source.PROMISE, reckoning.within(owed_at, hours=row.hours, days=days)
    if row is not None and row.ships_on is not None and owed_at < day_window(row.ships_on)[1]:
        return Source.PROMISE, reckoning.by_day(row.ships_on, days=days)
    return Source.ORDINARY, reckoning.within(owed_at, hours=rules.promise_hours, days=days)
