"""Closing what was not paid: first at WeChat, with no transaction open, then what was owed with all that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction

from apps.base import nudges
from apps.checkout import bills, paying
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.states import Actor, Status
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.wechat.errors import WechatUnavailable
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)

RING: Final = "checkout.close_expired"
# The shopper may press "pay" again between our close at WeChat and our lock; then we close once more.
_ROUNDS = 3
_BATCH = 100
_AT_MOST = 2000
_OVERDUE: Final = bills.By(actor=Actor.SYSTEM, why="超时未支付")
# After so many failures WeChat is taken to be away for the rest of a sweep.
_PATIENCE = 3


class OrderNotCancellable(ShopError):
    """Only an unpaid order can be cancelled; afterwards it is after-sales' business."""

    code = "order_not_cancellable"
    message = "订单当前状态不能取消"
    kind = Kind.CONFLICT


def cancel(*, member: Member, order_no: str, at: datetime) -> None:
    """Close the member's unpaid order at their wish; what it held is free again.

    Raises NotFound for an order that is not theirs; OrderNotCancellable where it is not UNPAID, also when
    WeChat says only now that it was paid, which is then booked; WechatUnavailable, with nothing changed, when
    WeChat cannot be asked.
    """
    order = order_facts.of_member(member=member, order_no=order_no)
    if order.status != Status.UNPAID:
        raise OrderNotCancellable(details={"status": order.status})
    if not close_unpaid(order_no=order_no, why="买家取消", actor=Actor.MEMBER, at=at):
        now = order_facts.of_member(member=member, order_no=order_no)
        raise OrderNotCancellable(details={"status": now.status})


def close_unpaid(*, order_no: str, why: str, actor: Actor, operator: Any = None, at: datetime) -> bool:
    """Close an order that nobody paid and release what it holds; say whether this call closed it.

    ``operator`` is the admin user where ``actor`` is OPERATOR. Raises what ``give_up`` raises.
    """
    return give_up(
        kind=bills.ORDER, bill_no=order_no, by=bills.By(actor=actor, why=why, operator=operator), at=at
    )


def give_up(*, kind: bills.Kind, bill_no: str, by: bills.By, at: datetime) -> bool:
    """Give up what a bill is for, which nobody paid; say whether this call did it.

    False means that it does not wait for money (any more): WeChat may just have said that it was paid, which is
    then booked. Must be called outside a transaction. Raises NotFound, and WechatUnavailable with nothing
    released, because the shopper may be paying at that moment.
    """
    attempts = kind.attempts(bill_no)
    for _ in range(_ROUNDS):
        for paid in payments.close_open(attempts.all(), at=at):
            paying.confirm_payment(transaction=paid, at=at, from_query=True)
        with transaction.atomic():
            if not kind.lock(bill_no):
                return False
            if payment_facts.has_open(attempts):
                continue
            kind.given_up(bill_no, by=by, at=at)
            return True
    raise kind.busy


def close_expired(*, at: datetime) -> int:
    """Give up whatever has a bill whose time to pay is over; return how many. Safe side by side: sweeps share the work.

    What is simple goes a batch at a time, what is not, or is in a batch that fails, one by one. There each stands for
    itself: one that fails is logged and comes again with the next sweep, and so does what somebody else has at hand.
    While WeChat is away, those that nobody tried to pay are closed all the same. A sweep ends after so many, and asks for
    another round where most of them could be given up.
    """
    nudges.heard(RING)
    return sum(_sweep(kind, at=at) for kind in bills.KINDS)


def _sweep(kind: bills.Kind, *, at: datetime) -> int:
    """Give up the overdue of one kind in batches.

    After some answers that WeChat is away those that somebody began to pay are left for the next sweep.
    """
    closed = seen = failures = 0
    after: tuple[datetime, int] | None = None
    while seen < _AT_MOST:
        batch = kind.overdue(at=at, after=after, limit=_BATCH)
        given_up, alone = _close_together(kind, [row.bill_no for row in batch], at=at)
        closed += given_up
        for bill_no in alone:
            if failures >= _PATIENCE and payment_facts.has_open(kind.attempts(bill_no)):
                continue
            try:
                closed += _close_one(kind, bill_no, at=at)
            except WechatUnavailable:
                failures += 1
        seen += len(batch)
        if len(batch) < _BATCH:
            return closed
        after = (batch[-1].expires_at, batch[-1].pk)
    if 2 * closed >= seen:
        nudges.after_commit(RING)
    return closed


def _close_together(kind: bills.Kind, bill_nos: Sequence[str], *, at: datetime) -> bills.Together:
    """Give up at once what is simple of these; where that fails all of them are left to be tried one by one."""
    if not bill_nos:
        return bills.Together(0, ())
    try:
        with transaction.atomic():
            return kind.given_up_together(bill_nos, by=_OVERDUE, at=at)
    except Exception:
        log.exception("close_together_failed", bill_kind=kind.name, count=len(bill_nos))
        return bills.Together(0, bill_nos)


def _close_one(kind: bills.Kind, bill_no: str, *, at: datetime) -> bool:
    """Give up one that is overdue; raises only WechatUnavailable."""
    try:
        return give_up(kind=kind, bill_no=bill_no, by=_OVERDUE, at=at)
    except WechatUnavailable:
        log.warning("close_put_off", bill_kind=kind.name, bill_no=bill_no)
        raise
    except Exception:
        log.exception("close_failed", bill_kind=kind.name, bill_no=bill_no)
        return False
