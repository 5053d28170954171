"""Daily check-in: once a Shanghai day, a point a day, and a bonus each time the streak is whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.base import days
from apps.points import selectors as point_facts
from apps.points.models import CheckIn
from apps.points.services import booking, earning
from apps.points.states import EntryKind


@transaction.atomic
def check_in(*, member_id: int, at: datetime) -> CheckIn:
    """Check the member in for the Shanghai day of ``at``; the second time that day answers the first again.

    The streak goes on from yesterday's, or begins with 1. On each 7th day in a row (by the rules) the bonus
    comes on top.
    """
    # The account's lock is what makes two at once one: the second finds the row of the first.
    booking.lock(member_id=member_id, at=at)
    today = days.shop_day(at)
    mine = CheckIn.objects.filter(member_id=member_id)
    if before := mine.filter(on=today).first():
        return before
    yesterday = mine.filter(on=today - timedelta(days=1)).first()
    streak = yesterday.streak + 1 if yesterday else 1
    rules = point_facts.rules()
    whole = streak % rules.streak_days == 0
    points = rules.check_in_points + (rules.streak_bonus if whole else 0)
    if points:
        earning.earn(
            member_id=member_id,
            amount=points,
            cause=f"check-in:{today.isoformat()}",
            kind=EntryKind.CHECK_IN,
            reason=f"连续签到 {streak} 天" if whole else "",
            at=at,
        )
    return CheckIn.objects.create(member_id=member_id, on=today, streak=streak, points=points, at=at)
