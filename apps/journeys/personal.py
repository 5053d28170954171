"""What journeys hold of people: which ways members were led, what was done to them, what staff had to do for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.journeys import selectors as journey_facts
from apps.journeys.models import Participation, StaffTask, StepRecord
from apps.journeys.services import forgetting


def export(person: Person) -> Mapping[str, personal.Table]:
    """The journeys, what their steps did, and the tasks of staff."""
    mine = Participation.objects.filter(member_id=person.member_id).order_by("id")
    done = StepRecord.objects.filter(participation__member_id=person.member_id).order_by("id")
    tasks = StaffTask.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "营销旅程": personal.table(
            mine, "arm", "status", "exit", "subject", "entered_at", "ended_at", 旅程="journey__title"
        ),
        "旅程记录": personal.table(
            done,
            *("step", "kind", "outcome", "reason", "detail", "at"),
            旅程="participation__journey__title",
        ),
        "跟进任务": personal.table(tasks, "text", "status", "note", "created_at", "done_at"),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Take the member off all ways; what staff wrote is gone."""
    forgetting.forget(member_id=person.member_id, at=at)


_WHY = "同一时机不重复打扰、效果对照的依据；会员注销后不再指向个人"

ROOM = Room(
    name="journeys",
    holdings=(
        Holding(
            model="journeys.Participation",
            plain=("occasion", "subject"),
            exported="营销旅程",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_WHY,
        ),
        Holding(
            model="journeys.StepRecord",
            plain=("kind", "detail"),
            exported="旅程记录",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_WHY,
        ),
        Holding(
            model="journeys.StaffTask",
            personal=("note",),
            plain=("text",),
            exported="跟进任务",
            fate=Fate.EMPTIED,
            kept="处理结果自处理起一年，会员注销即清空；任务本身与订单相同",
            why="员工按旅程为会员服务的记录",
        ),
        Holding(
            model="journeys.Inside",
            not_exported="人群成员的比对记录，人群本身见会员分层与标签",
            fate=Fate.DELETED,
            kept="旅程进行期间",
            why="判断会员何时进入人群",
        ),
    ),
    export=export,
    erase=erase,
    forget_old=forgetting.forget_old,
    overdue=lambda *, at: journey_facts.past_keeping(at=at).count(),
)
