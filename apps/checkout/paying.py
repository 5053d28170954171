"""Paying: from "pay" to wx.requestPayment, and from WeChat's word that it was paid to what being paid means."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction as database

from apps.checkout import activities, bills
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import PAID_FOR, Actor, StageStatus
from apps.payments import services as payments
from apps.payments.services import notifications
from apps.payments.states import SurplusReason
from apps.wechat.pay.client import Transaction
from apps.wechat.pay.notify import Notification


def pay(*, member: Member, order_no: str, at: datetime) -> dict[str, str] | None:
    """Return the arguments of wx.requestPayment for the member's order, or None when it is paid.

    None is also the answer for an order that owes nothing (0 fen, or all of it from stored value), which is
    paid by this call, and for one that WeChat knows to be paid though we had not heard. Safe to repeat. Of an order in
    stages the one that is DUE is paid; where none is, all paid ones included, StageNotDue says how they stand.
    Raises NotFound, OrderNotPayable, OrderExpired, StageNotDue, WechatUnavailable.
    """
    order = order_facts.alone_of_member(member=member, order_no=order_no)
    stages = activities.stages_of(order, at=at)
    if stages and not any(stage["status"] == StageStatus.DUE for stage in stages):
        raise bills.not_due(stages)
    if order.status in PAID_FOR:
        return None  # a repeated call deserves the same friendly answer
    kind = bills.due_of(order)
    if kind.owes_fen(order) == 0:
        _pay_nothing(order_no=order_no, at=at)
        return None
    return collect(kind=kind, bill_no=order_no, at=at)


def collect(*, kind: bills.Kind, bill_no: str, at: datetime) -> dict[str, str] | None:
    """Return the arguments of wx.requestPayment for a bill, or None when WeChat knows it to be paid.

    Whoever calls has made sure that the bill is the shopper's. Must be called outside a transaction. Raises what the
    kind's ``ask`` raises, its words for "expired", and WechatUnavailable.
    """
    started = payments.start(ask=lambda: kind.ask(bill_no, at=at), at=at)
    if isinstance(started, Transaction):
        confirm_payment(transaction=started, at=at, from_query=True)
        return None
    return started


def confirm_payment(
    *, transaction: Transaction, at: datetime, from_query: bool = False, notification_id: int | None = None
) -> payments.Settlement:
    """Believe a verified statement of WeChat: in one transaction the money, all that being paid means, and the news.

    Safe to repeat. Locks what is owed, then the payment, then what the kind of bill touches, each briefly: whoever finds
    one taken gets an OperationalError within two seconds and comes again. Raises what ``payments.settle`` raises, and
    UnknownKind for a bill that only other code knows: WeChat repeats, and the sweep asks again. ``notification_id`` as
    ``payments.settle`` has it.
    """
    owed = _Owed()
    with database.atomic():
        settlement = payments.settle(
            transaction=transaction,
            why_not=owed.why_not,
            at=at,
            from_query=from_query,
            notification_id=notification_id,
        )
        if settlement.outcome is payments.Outcome.USED:
            owed.kind.paid(settlement.payment.bill_no, by=Actor.WECHAT, at=at)
    return settlement


def confirm_as_usual(*, transaction: Transaction, notification: Notification, at: datetime) -> None:
    """The same in the usual case, with the notification that told of it kept as handled: behind the locks one statement
    books the money, moves the order and uses up what neighbours of ``scarce.HOLDERS`` hold.

    In whatever other case it raises, with nothing written: NotUsual, NotificationHandled, what ``confirm_payment`` raises,
    or an IntegrityError, all of which ``confirm_payment`` knows better.
    """
    owed = _Owed()
    with database.atomic():
        payment, capturing = payments.capturing(transaction=transaction, why_not=owed.why_not, at=at)
        keeping = notifications.keeping(notification=notification, at=at)
        owed.kind.paid(payment.bill_no, behind=[keeping, capturing], by=Actor.WECHAT, at=at)


class _Owed:
    """What a payment is for, as its room asks: the kind of bill, for one bill, once ``why_not`` was asked."""

    kind: bills.Kind

    def why_not(
        self, bill_kind: str, bill_no: str, /, *, order: Order | None, paid_at: datetime
    ) -> SurplusReason | None:
        """As the kind has it. Raises UnknownKind."""
        self.kind = bills.of(bill_kind).for_one(order)
        return self.kind.why_not(bill_no, paid_at=paid_at)


def _pay_nothing(*, order_no: str, at: datetime) -> None:
    """Pay an order that owes nothing. Raises OrderNotPayable, OrderExpired, StageNotDue."""
    with database.atomic():
        order = orders.lock(order_no=order_no)
        if order.status in PAID_FOR:
            return
        kind = bills.due_of(order)
        kind.check_free(order, at=at)
        kind.paid(order_no, by=Actor.MEMBER, at=at)
