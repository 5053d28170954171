"""The window of customer-service messages: a member's own message opens it for 48 hours and five answers.

Source: 小程序 客服消息, 下发条数限制.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from apps.base import transactions
from apps.messaging.models import Standing


def open_window(*, member_id: int, until: datetime, messages: int) -> None:
    """A member wrote: so many messages may go to them until then. In the caller's transaction; old news changes nothing."""
    transactions.require()
    Standing.objects.bulk_create([Standing(member_id=member_id)], ignore_conflicts=True)
    Standing.objects.filter(member_id=member_id).exclude(window_until__gte=until).update(
        window_until=until, window_left=messages
    )


def spend(*, member_id: int, at: datetime) -> bool:
    """Use one message of an open window, in the caller's transaction; False where none is left: one guarded statement."""
    transactions.require()
    return bool(
        Standing.objects.filter(member_id=member_id, window_until__gt=at, window_left__gt=0).update(
            window_left=F("window_left") - 1
        )
    )


def give_back(*, member_id: int) -> None:
    """Nothing was sent: the message may go once more, in the caller's transaction."""
    transactions.require()
    Standing.objects.filter(member_id=member_id).update(window_left=F("window_left") + 1)


def close(*, member_id: int) -> None:
    """WeChat says that the window is over (45015) or used up (45047), in the caller's transaction."""
    transactions.require()
    Standing.objects.filter(member_id=member_id).update(window_left=0)
