"""What surveys hold of people: what a member answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.support import services as surveys
from apps.support.models import Answer, Response

_ANSWERED = "会员同意（PIPL 第十三条第一款第一项、第四十七条）"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Responses and their answers; choices are places of the question's options, 1 the first."""
    responses = Response.objects.filter(member_id=person.member_id).order_by("id")
    answers = Answer.objects.filter(response__member_id=person.member_id).order_by("id")
    return {
        "答卷": personal.table(responses, "at", 问卷="survey__title"),
        "回答": personal.table(
            answers, "choices", "rating", 文字="text", 问题="question__text", 选项="question__options"
        ),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Delete the answers."""
    surveys.erase_of_member(member_id=person.member_id)


ROOM = Room(
    name="support",
    holdings=(
        Holding(
            model="support.Response",
            exported="答卷",
            fate=Fate.DELETED,
            kept="会员撤回同意或注销为止",
            why=_ANSWERED,
        ),
        Holding(
            model="support.Answer",
            personal=("choices", "text"),
            exported="回答",
            fate=Fate.DELETED,
            kept="会员撤回同意或注销为止",
            why=_ANSWERED,
        ),
    ),
    export=export,
    erase=erase,
)
