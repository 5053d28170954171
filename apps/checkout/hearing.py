"""Hearing WeChat: what it announces is kept first, then carried out; what could not be is taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, IntegrityError

from apps.base import faults, transactions
from apps.checkout import paying
from apps.distribution.services import transferring
from apps.outbox import services as outbox
from apps.payments.services import captures, console, notifications
from apps.wechat import errors as wechat_errors
from apps.wechat import push
from apps.wechat import services as wechat
from apps.wechat.pay import client, facts, notify, transfers
from mall import events
from mall.errors import ShopError

log = structlog.get_logger(__name__)

# After so many questions in a row without an answer a sweep leaves WeChat alone until the next.
_PATIENCE = 3
_PAYMENT = "TRANSACTION."
_TRANSFER = "MCHTRANSFER.BILL."


def hear(*, notification: notify.Notification, at: datetime) -> None:
    """Keep a verified notification of WeChat Pay, then do what it is about; both safe to repeat.

    When it returns, the notification may be answered 2xx: it is stored, and carried out or of a kind about
    which the shop does nothing. Raises ShopError or a database error otherwise: answer no 2xx, so that WeChat
    repeats; if it is stored by then, the sweep takes it up as well. What is as usual is stored and carried out in one
    transaction; a process that dies in it has answered nothing, and left nothing.
    """
    if _heard_as_usual(notification, at=at):
        return
    kept = notifications.keep(notification=notification, at=at)
    if kept.handled_at is not None:
        return
    if not is_about_money(notification.event_type):
        return
    try:
        marked = _carry_out(notification.event_type, notification.resource, notification_id=kept.pk, at=at)
    except ShopError as refusal:
        log.warning("notification_refused", notify_id=notification.id, code=refusal.code)
        _tell_why(kept.pk, refusal, at=at)
        raise
    except Exception as error:
        _tell_why(kept.pk, error, at=at)
        raise
    if not marked:
        notifications.mark_handled(notification_id=kept.pk, at=at)


def _heard_as_usual(notification: notify.Notification, *, at: datetime) -> bool:
    """Keep and carry out a payment's notification at once; False, with nothing written, where anything is not as usual.

    Where the database gave up, it is kept all the same.
    """
    if not notification.event_type.startswith(_PAYMENT):
        return False
    try:
        paid = facts.transaction(notification.resource)
        if not paid.is_paid:
            return False
        paying.confirm_as_usual(transaction=paid, notification=notification, at=at)
    except (ShopError, IntegrityError):
        return False
    except Exception as error:
        kept = notifications.keep(notification=notification, at=at)
        if kept.handled_at is None:
            _tell_why(kept.pk, error, at=at)
            raise
    return True


def _tell_why(notification_id: int, error: Exception, *, at: datetime) -> None:
    """Write on a kept notification why it was not carried out, if the database takes it: what failed is told anyway."""
    why = str(error) if isinstance(error, ShopError) else faults.wording(error)
    with suppress(Error):
        notifications.mark_failed(notification_id=notification_id, why=why, at=at)


def is_about_money(event_type: str) -> bool:
    """Whether the shop acts on this kind."""
    return event_type.startswith(notifications.RETRIED)


def retry_notifications(*, at: datetime, limit: int = 50) -> int:
    """Take up kept notifications that could not be carried out; return how many were tried.

    WeChat is asked afresh instead of believing the old text. One failure stops no other.
    """
    transactions.forbid("asking WeChat Pay")
    unanswered = 0
    for tried in range(limit):
        kept = notifications.take_due(at=at) if unanswered < _PATIENCE else None
        if kept is None:
            return tried
        try:
            _ask_and_carry_out(kept.event_type, kept.resource, at=at)
        except Exception as error:
            log.warning("notification_retry_failed", notify_id=kept.notify_id, error=type(error).__name__)
            _tell_why(kept.pk, error, at=at)
            unanswered += isinstance(error, wechat_errors.WechatUnavailable)
        else:
            unanswered = 0
            notifications.mark_handled(notification_id=kept.pk, at=at)
    return limit


def hear_push(*, message: Mapping[str, Any], at: datetime) -> None:
    """Keep a verified push (消息推送) once and announce it; its second delivery changes nothing."""
    key = push.message_key(message)
    kind = str(message.get("Event") or message.get("MsgType") or "")[:64]
    with transactions.hurried():
        if wechat.keep_push(message_key=key, kind=kind, content=dict(message), at=at):
            outbox.publish(events.WechatPushed(message_key=key, kind=kind), at=at)


def _carry_out(event_type: str, resource: Mapping[str, Any], *, notification_id: int, at: datetime) -> bool:
    """Do what a notification says; say whether it was marked as handled by what was booked of it.

    One that says that nothing was paid asks for nothing.
    """
    if event_type.startswith("REFUND."):
        if resource.get("mchid") != settings.WECHATPAY_MCHID:
            raise captures.NotOurPayment
        console.hear(result=facts.refund(resource), at=at)
        return False
    if event_type.startswith(_TRANSFER):
        transferring.hear(transfer=transfers.read(resource), at=at)
        return False
    paid = facts.transaction(resource)
    if not paid.is_paid:
        return False
    settled = paying.confirm_payment(transaction=paid, at=at, notification_id=notification_id)
    return settled.outcome is not captures.Outcome.ALREADY


def _ask_and_carry_out(event_type: str, resource: Mapping[str, Any], *, at: datetime) -> None:
    """Do what WeChat answers now to a question about what a notification named."""
    try:
        if event_type.startswith("REFUND."):
            number = str(resource.get("out_refund_no", ""))
            console.hear(result=client.query_refund(out_refund_no=number), at=at)
            return
        if event_type.startswith(_TRANSFER):
            transferring.ask_again(out_bill_no=str(resource.get("out_bill_no", "")), at=at)
            return
        paid = client.query(out_trade_no=str(resource.get("out_trade_no", "")))
    except ValueError as fault:  # a number that is none of ours: WeChat would not take it
        raise wechat_errors.WechatBadAnswer("a notification without a number") from fault
    if paid.is_paid:
        paying.confirm_payment(transaction=paid, at=at, from_query=True)
