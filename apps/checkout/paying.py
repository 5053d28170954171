"""Paying: from "pay" to wx.requestPayment, and from WeChat's word that it was paid to an order that can be shipped."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction as database

from apps.base import transactions
from apps.checkout import activities, recharging, scarce
from apps.members.models import Member
from apps.orders import selectors as order_selectors
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.wechat.pay.client import Transaction
from mall import events

# Money is there, or nothing was owed; a repeated call deserves the same friendly answer.
_PAID = frozenset({Status.GATHERING, Status.PAID, Status.SHIPPED, Status.RECEIVED})


def pay(*, member: Member, order_no: str, at: datetime) -> dict[str, str] | None:
    """Return the arguments of wx.requestPayment for the member's order, or None when it is paid.

    None is also the answer for an order that owes nothing (0 fen, or all of it from stored value), which is
    paid by this call, and for one that WeChat knows to be paid though we had not heard. Safe to repeat.
    Raises NotFound, OrderNotPayable, OrderExpired, WechatUnavailable.
    """
    order = order_selectors.of_member(member=member, order_no=order_no)
    if order.status in _PAID:
        return None
    if order.due_fen == 0:
        _pay_nothing(order_no=order_no, at=at)
        return None
    started = payments.start(order_no=order_no, at=at)
    if isinstance(started, Transaction):
        confirm_payment(transaction=started, at=at, from_query=True)
        return None
    return started


def confirm_payment(
    *, transaction: Transaction, at: datetime, from_query: bool = False
) -> payments.Settlement:
    """Believe a verified statement of WeChat: in one transaction the money, the order, all that it holds, and the news.

    Safe to repeat. Locks the order, then the payment, then what ``scarce`` holds, each briefly: whoever finds one
    taken gets an OperationalError within two seconds and comes again. What was paid for a recharge of stored value
    is told to ``recharging``. Raises what ``payments.settle`` raises.
    """
    recharge_no = payment_facts.recharge_no_of(payment_no=transaction.out_trade_no)
    if recharge_no:
        return recharging.confirm(
            recharge_no=recharge_no, transaction=transaction, at=at, from_query=from_query
        )
    with transactions.hurried():
        settlement = payments.settle(transaction=transaction, at=at, from_query=from_query)
        if settlement.outcome is payments.Outcome.FOR_ORDER and settlement.payment.order is not None:
            _carry_out(settlement.payment.order, actor=Actor.WECHAT, at=at)
    return settlement


def _pay_nothing(*, order_no: str, at: datetime) -> None:
    """Pay an order that owes nothing. Raises OrderNotPayable, OrderExpired."""
    with database.atomic():
        order = orders.lock(order_no=order_no)
        if order.status in _PAID:
            return
        if order.status != Status.UNPAID:
            raise payments.OrderNotPayable
        if at >= order.expires_at:
            raise payments.OrderExpired
        _carry_out(order, actor=Actor.MEMBER, at=at)


def _carry_out(order: Order, *, actor: Actor, at: datetime) -> None:
    """Everything that being paid means at once; the rest hears it from the news.

    An order that gathers first is told as gathered now, and as paid when it is formed (``orders.form``).
    """
    move = activities.when_paid(order)
    told = {"pay": events.OrderPaid, "gather": events.OrderGathered}[move]
    order = orders.move(order_no=order.order_no, move=move, actor=actor, at=at)
    outbox.publish(told(order_no=order.order_no, member_id=order.member_id), at=at)
    scarce.commit(order=order, at=at)
