"""What is true of what this room itself tells: of a member and their level. Rooms above read their own."""

from __future__ import annotations

from datetime import datetime

from apps.members.models import LevelChange, Member
from apps.messaging.board import Facts


def member(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The member whom operators' own text speaks to; nobody who is gone."""
    found = Member.objects.select_related("level").filter(pk=member_id, disabled_at=None).first()
    return Facts(values=values_of(found)) if found is not None else None


def values_of(found: Member) -> dict[str, str]:
    """What a text of operators may name of a member, whose level is at hand."""
    return {
        "nickname": found.nickname or "会员",
        "level": found.level.name if found.level is not None else "会员",
    }


def level_changed(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The change of level by its id; not true any more once the member has moved on."""
    change = (
        LevelChange.objects.select_related("from_level", "to_level", "member")
        .filter(pk=int(subject), member_id=member_id)
        .first()
    )
    if change is None or change.member.level_id != change.to_level_id:
        return None
    return Facts(
        values={
            "level": change.to_level.name,
            "before": change.from_level.name if change.from_level is not None else "会员",
            "why": change.get_why_display(),
            "changed_at": change.at,
        }
    )
