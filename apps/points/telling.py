"""What is true of points when their member is told: some are gone soon, or a birthday brought some."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from apps.messaging.board import Facts
from apps.points.models import Entry, Lot


def expiring(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The points that end at a moment (ISO 8601), as many as are left by now; worth telling until then."""
    expires_at = datetime.fromisoformat(subject)
    lots = Lot.objects.filter(account__member_id=member_id, expires_at=expires_at, left__gt=0)
    left = lots.aggregate(left=Sum("left"))["left"]
    if not left or expires_at <= at:
        return None
    return Facts(values={"points": left, "until": expires_at}, until=expires_at)


def birthday(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The gift of a year (``2026``), as it was booked."""
    entry = (
        Entry.objects.select_related("account__member__level")
        .filter(account__member_id=member_id, business_key=f"birthday:{subject}")
        .first()
    )
    if entry is None:
        return None
    member = entry.account.member
    level = member.level.name if member.level else "会员"
    return Facts(values={"nickname": member.nickname, "gift": f"{entry.change} 积分", "level": level})
