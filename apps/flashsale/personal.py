"""What flash sales hold of people: of what they want to be reminded, and for what they wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.flashsale.models import Reminder, Wait


def export(person: Person) -> Mapping[str, personal.Table]:
    """Reminders and places in waiting lists."""
    mine = {"member_id": person.member_id}
    return {
        "开抢提醒": personal.table(
            Reminder.objects.filter(**mine).order_by("id"), "at", 场次="good__session__title"
        ),
        "候补": personal.table(
            Wait.objects.filter(**mine).order_by("id"),
            "state",
            "queued_at",
            "until",
            "order_no",
            场次="good__session__title",
        ),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Delete what the member wanted to be reminded of. Places stay without a name: others stand before and behind."""
    Reminder.objects.filter(member_id=person.member_id).delete()


ROOM = Room(
    name="flashsale",
    holdings=(
        Holding(
            model="flashsale.Reminder",
            exported="开抢提醒",
            fate=Fate.DELETED,
            kept="会员注销为止",
            why="会员要求的服务：开抢前提醒（PIPL 第十三条第一款第二项）",
        ),
        Holding(
            model="flashsale.Wait",
            exported="候补",
            fate=Fate.NAMELESS,
            kept="与活动相同",
            why="候补的先后与占用的依据；会员注销后不再指向个人",
        ),
    ),
    export=export,
    erase=erase,
)
