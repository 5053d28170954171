"""What points say on the page of a member: the balance, and what is owed."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.parts import Fact, Part
from apps.members.models import Member
from apps.points import selectors as point_facts


def _held(member: Member) -> SafeString:
    mine = point_facts.account_of(member, at=timezone.now())
    owed = f"，欠 {mine.debt}" if mine.debt else ""
    return with_way(f"{mine.balance}{owed}", "points_account", member__id__exact=member.pk)


HELD: Final = Part(
    room="points",
    facts=[
        Fact(name="points_held", label="积分", under="资产与消费", needs="points.view_account", shown=_held)
    ],
)
