"""What is true of a flash sale when somebody is told of it: it begins soon, or it is their turn."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from apps.campaigns.states import Approval
from apps.flashsale import selectors as flash_facts
from apps.flashsale.models import Good, Reminder, Wait
from apps.flashsale.states import WaitState
from apps.messaging.board import Facts
from apps.messaging.services.writing import Draft


def starting(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The good and its beginning (``7@2026-11-28T10:00:00+00:00``): true while the session begins just then, not before.

    A session that was moved, paused or stopped, or a reminder that was taken back, is not told.
    """
    good_id, _, starts_at = subject.partition("@")
    good = _goods().filter(pk=int(good_id), session__approval=Approval.APPROVED, withdrawn=False).first()
    if (
        good is None
        or good.session.starts_at != datetime.fromisoformat(starts_at)
        or good.session.starts_at <= at
    ):
        return None
    if not Reminder.objects.filter(good=good, member_id=member_id).exists():
        return None
    return Facts(
        values={
            "activity": good.session.title,
            "product": good.sku.product.title,
            "product_id": str(good.sku.product_id),
            "price": good.price_fen,
            "starts_at": good.session.starts_at,
        },
        until=good.session.starts_at,
    )


def turn(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The waiter's right to a unit of the good; true until the right is over or used."""
    wait = Wait.objects.filter(
        good_id=int(subject), member_id=member_id, state=WaitState.YOURS, until__gt=at
    ).first()
    good = _goods().filter(pk=int(subject)).first()
    if wait is None or wait.until is None or good is None:
        return None
    return Facts(
        values={
            "product": good.sku.product.title,
            "product_id": str(good.sku.product_id),
            "price": good.price_fen,
            "until": wait.until,
        },
        until=wait.until,
    )


def starts(*, at: datetime) -> list[Draft]:
    """A message for each reminder of a session that begins within five minutes."""
    since = at - flash_facts.REMIND_BEFORE
    return [
        Draft(
            scene="activity_start",
            member_id=due.member_id,
            subject=f"{due.good_id}@{due.starts_at.isoformat()}",
            occasion=f"{due.good_id}@{due.starts_at.isoformat()}",
            expires_at=due.starts_at,
        )
        for due in flash_facts.reminders_due(since=since, at=at)
    ]


def _goods() -> QuerySet[Good]:
    return Good.objects.select_related("session", "sku__product")
