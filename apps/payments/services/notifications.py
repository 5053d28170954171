"""Notifications of WeChat Pay: kept before they are handled, marked when they are, retried when they could not be."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import planned, transactions
from apps.base.clauses import Clause, Part
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
_KEEPING: Final = Part(
    """
    notification_kept AS (
        INSERT INTO payments_notification AS kept
               (notify_id, event_type, resource, received_at, handled_at, attempts, last_error)
        SELECT {notify_id}, {event_type}, {resource}, {at}, {at}, 0, '' WHERE {after}
        ON CONFLICT (notify_id) DO UPDATE
           SET resource = excluded.resource, handled_at = excluded.handled_at, due_at = NULL, last_error = ''
         WHERE kept.handled_at IS NULL
        RETURNING id
    )
    """,
    done="EXISTS (SELECT FROM notification_kept)",
    answers=("EXISTS (SELECT FROM notification_kept)",),
    types={"notify_id": "text", "event_type": "text", "resource": "jsonb", "at": "timestamptz"},
)
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
    resource = _kept_of(notification)
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


def keeping(*, notification: notify.Notification, at: datetime) -> Clause:
    """The clause that keeps a notification as handled, for whoever does all that it asks for in the same transaction.

    One that is there, and was not carried out, takes over the content and is handled, too. Raises NotificationHandled.
    """
    told = {
        "notify_id": notification.id,
        "event_type": notification.event_type,
        "resource": json.dumps(_kept_of(notification)),
        "at": at,
    }

    def settle(kept: bool) -> bool:
        if not kept:
            raise NotificationHandled
        return True

    return Clause(_KEEPING, told, settle)


def _kept_of(notification: notify.Notification) -> dict[str, Any]:
    """What is kept of its content: all but what names the payer."""
    told = notification.resource
    personal = _PERSONAL - {"user_received_account"} if facts.received_by_shop(told) else _PERSONAL
    kept: dict[str, Any] = texts.storable(
        {name: value for name, value in told.items() if name not in personal}
    )
    return kept


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
