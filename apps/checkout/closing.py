"""Closing what was not paid: first at WeChat, with no transaction open, then the order with all that it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from apps.checkout import paying, scarce
from apps.members.models import Member
from apps.orders import selectors as past_orders
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.wechat.errors import WechatUnavailable
from mall.errors import Kind, ShopError
from mall.events import OrderClosed

log = structlog.get_logger(__name__)

# The shopper may press "pay" again between our close at WeChat and our lock; then we close once more.
_ROUNDS = 3
_BATCH = 100
_AT_MOST = 2000
# After so many failures WeChat is taken to be away for the rest of a sweep.
_PATIENCE = 3


class OrderNotCancellable(ShopError):
    """Only an unpaid order can be cancelled; afterwards it is after-sales' business."""

    code = "order_not_cancellable"
    message = "订单当前状态不能取消"
    kind = Kind.CONFLICT


class _StillPayable(ShopError):
    """The order keeps getting new attempts to pay while we try to close it."""

    code = "order_busy"
    message = "订单正在支付中，请稍后再试"
    kind = Kind.CONFLICT


def cancel(*, member: Member, order_no: str, at: datetime) -> None:
    """Close the member's unpaid order at their wish; what it held is free again.

    Raises NotFound for an order that is not theirs; OrderNotCancellable where it is not UNPAID, also when
    WeChat says only now that it was paid, which is then booked; WechatUnavailable, with nothing changed, when
    WeChat cannot be asked.
    """
    order = past_orders.of_member(member=member, order_no=order_no)
    if order.status != Status.UNPAID:
        raise OrderNotCancellable(details={"status": order.status})
    if not close_unpaid(order_no=order_no, why="买家取消", actor=Actor.MEMBER, at=at):
        now = past_orders.of_member(member=member, order_no=order_no)
        raise OrderNotCancellable(details={"status": now.status})


def close_unpaid(*, order_no: str, why: str, actor: Actor, operator: Any = None, at: datetime) -> bool:
    """Close an order that nobody paid and release what it holds; say whether this call closed it.

    ``operator`` is the admin user where ``actor`` is OPERATOR.

    False means that the order is not UNPAID (any more): WeChat may just have said that it was paid, which is
    then booked. Must be called outside a transaction. Raises NotFound, and WechatUnavailable with nothing
    released, because the shopper may be paying at that moment.
    """
    for _ in range(_ROUNDS):
        paid = payments.close_open_attempt(order_no=order_no, at=at)
        if paid is not None:
            paying.confirm_payment(transaction=paid, at=at, from_query=True)
        with transaction.atomic():
            order = orders.lock(order_no=order_no)
            if order.status != Status.UNPAID:
                return False
            if payment_facts.has_open_attempt(order_no=order_no):
                continue
            orders.move(order_no=order_no, move="close", actor=actor, operator=operator, note=why, at=at)
            outbox.publish(OrderClosed(order_no=order_no, member_id=order.member_id), at=at)
            scarce.release(order=order, at=at)
            return True
    raise _StillPayable


def close_expired(*, at: datetime) -> int:
    """Close the orders whose time to pay is over; return how many.

    Each order stands for itself: one that fails is logged and comes again with the next sweep. While WeChat is
    away, orders that nobody tried to pay are closed all the same.
    """
    return sweep(
        lambda after: past_orders.unpaid_past_expiry(at=at, after=after),
        close=lambda order: _close_one(order, at=at),
        is_being_paid=lambda order: payment_facts.has_open_attempt(order_no=order.order_no),
    )


def sweep(
    overdue: Callable[[tuple[datetime, int] | None], QuerySet[Any]],
    *,
    close: Callable[[Any], bool],
    is_being_paid: Callable[[Any], bool],
) -> int:
    """Close overdue rows in batches; return how many. ``overdue`` gives those after an (expires_at, id).

    ``close`` says whether it closed one, and raises only WechatUnavailable; after some of those the rows that
    somebody began to pay are left for the next sweep.
    """
    closed = seen = failures = 0
    after: tuple[datetime, int] | None = None
    while seen < _AT_MOST:
        batch = list(overdue(after)[:_BATCH])
        for row in batch:
            if failures >= _PATIENCE and is_being_paid(row):
                continue
            try:
                closed += close(row)
            except WechatUnavailable:
                failures += 1
        seen += len(batch)
        if len(batch) < _BATCH:
            break
        after = (batch[-1].expires_at, batch[-1].pk)
    return closed


def _close_one(order: Order, *, at: datetime) -> bool:
    """Close one overdue order; raises only WechatUnavailable."""
    try:
        return close_unpaid(order_no=order.order_no, why="超时未支付", actor=Actor.SYSTEM, at=at)
    except WechatUnavailable:
        log.warning("close_put_off", order_no=order.order_no)
        raise
    except Exception:
        log.exception("close_failed", order_no=order.order_no)
        return False
