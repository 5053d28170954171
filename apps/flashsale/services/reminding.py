"""Who wants to be told before a session begins. It is kept here; messages are sent when there are messages."""

from __future__ import annotations

from datetime import datetime

from apps.campaigns.refusals import ActivityNotFound
from apps.campaigns.states import Approval, State
from apps.flashsale import selectors as flash_facts
from apps.flashsale.models import Reminder
from apps.members.models import Member
from mall.errors import Kind, ShopError


class ReminderTooLate(ShopError):
    """The session has begun: there is nothing to be reminded of."""

    code = "reminder_too_late"
    message = "活动已经开始，无需提醒"
    kind = Kind.CONFLICT


def remind(*, good_id: int, member: Member, at: datetime) -> None:
    """Remind the member before the good's session begins. Safe to repeat. Raises ActivityNotFound, ReminderTooLate."""
    session, good = flash_facts.find(good_id, at=at)
    if good.withdrawn or session.approval != Approval.APPROVED:
        raise ActivityNotFound
    if session.state_at(at) != State.UPCOMING:
        raise ReminderTooLate(details={"starts_at": session.starts_at})
    Reminder.objects.bulk_create([Reminder(good_id=good_id, member=member, at=at)], ignore_conflicts=True)


def forget_reminder(*, good_id: int, member: Member, at: datetime) -> None:
    """Do not remind the member. Safe to repeat, and after the session began. Raises ActivityNotFound for an unknown good."""
    flash_facts.find(good_id, at=at)
    Reminder.objects.filter(good_id=good_id, member=member).delete()
