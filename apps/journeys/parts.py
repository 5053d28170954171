"""What journeys say on the page of a member: which they are in, and the way to what was done there."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.parts import Fact, Part
from apps.journeys import selectors as journey_facts
from apps.members.models import Member

_MOST: Final = 5


def _walks(member: Member) -> SafeString | str:
    ways = journey_facts.of_member(member.pk)[:_MOST]
    told = "、".join(f"{way.journey.title}（{way.get_status_display()}）" for way in ways)
    return with_way(told, "journeys_participation", member__id__exact=member.pk) if told else "—"


WALKS: Final = Part(
    room="journeys",
    facts=[
        Fact(name="walks", label="营销旅程", under="画像", needs="journeys.view_participation", shown=_walks)
    ],
)
