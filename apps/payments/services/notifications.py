"""Notifications of WeChat Pay: kept before they are handled, marked when they are, retried when they could not be."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import planned, transactions
from apps.payments.models import Notification
from apps.wechat.pay import facts, notify
from mall import text as texts
from mall.errors import Kind, ShopError

# What the payer's bank and identity are is of no use to the shop, so it is not kept; an account of the shop's own is.
_PERSONAL = frozenset({"payer", "user_received_account", "openid", "user_name"})
# WeChat repeats after 15 s by itself; the sweep comes when that went wrong, too.
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=2)
_LEASE = timedelta(minutes=2)
# About a day, as long as WeChat itself would repeat.
_MOST_ATTEMPTS = 20
_KEEP: Final = """
    INSERT INTO payments_notification (notify_id, event_type, resource, received_at, due_at, attempts, last_error)
    VALUES (%s, %s, %s, %s, %s, 0, '') ON CONFLICT DO NOTHING RETURNING id
"""
# Whoever books what a notification tells of marks it in the same statement (``captures``).
HANDLED: Final = """
    UPDATE payments_notification SET handled_at = %(at)s, due_at = NULL, last_error = ''
     WHERE id = %(notification_id)s AND handled_at IS NULL
"""
RETRIED = ("TRANSACTION.", "REFUND.", "MCHTRANSFER.BILL.")


class NotificationHandled(ShopError):
    """Only a notification that waits, or was given up, can be taken up again."""

    code = "notification_handled"
    message = "该通知已处理，无需重新处理"
    kind = Kind.CONFLICT


def keep(*, notification: notify.Notification, at: datetime) -> Notification:
    """Store a verified notification and commit it; the same id again answers the row that is there.

    A row that is not handled yet takes over the content that came last. Kinds that the shop does nothing about
    are kept without being due.
    """
    told = notification.resource
    personal = _PERSONAL - {"user_received_account"} if facts.received_by_shop(told) else _PERSONAL
    said = {name: value for name, value in told.items() if name not in personal}
    resource: dict[str, Any] = texts.storable(said)
    row = Notification(
        notify_id=notification.id,
        event_type=notification.event_type,
        resource=resource,
        received_at=at,
        due_at=at + _FIRST_WAIT if notification.event_type.startswith(RETRIED) else None,
    )
    written = [row.notify_id, row.event_type, json.dumps(resource), row.received_at, row.due_at]
    if new := transactions.hurried_alone(_KEEP, written):
        ((row.pk,),) = new
        return row
    with transactions.hurried():
        row = Notification.objects.get(notify_id=notification.id)
        if row.handled_at is None and row.resource != resource:
            row.resource = resource
            row.save(update_fields=["resource"])
    return row


def mark_handled(*, notification_id: int, at: datetime) -> None:
    """Write down that nothing is left to be done about a notification."""
    # Said twice it is said once, so it needs no transaction.
    planned.rows(HANDLED, {"at": at, "notification_id": notification_id})


def mark_failed(*, notification_id: int, why: str, at: datetime) -> None:
    """Write down why a notification could not be handled, and when the sweep tries again, if it does."""
    with transaction.atomic():
        row = Notification.objects.select_for_update().get(pk=notification_id)
        if row.handled_at is not None:
            return
        row.last_error = why[:300]
        if row.due_at is not None:
            wait = min(_FIRST_WAIT * 2 ** min(row.attempts, 10), _LONGEST_WAIT)
            row.due_at = at + wait if row.attempts < _MOST_ATTEMPTS else None
        row.save(update_fields=["last_error", "due_at"])


def take_due(*, at: datetime) -> Notification | None:
    """Claim one notification that is due for another try, and commit that; None when there is none."""
    with transaction.atomic():
        row = (
            Notification.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=at)
            .order_by("due_at", "id")
            .first()
        )
        if row is None:
            return None
        row.attempts += 1
        row.due_at = at + _LEASE
        row.save(update_fields=["attempts", "due_at"])
        return row


def take_up_again(*, notification_id: int, at: datetime) -> None:
    """Let the sweep try a notification again, from the first. Raises NotificationHandled."""
    taken = Notification.objects.filter(pk=notification_id, handled_at__isnull=True).update(
        attempts=0, due_at=at
    )
    if not taken:
        raise NotificationHandled
