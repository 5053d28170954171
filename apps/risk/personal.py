"""What risk holds of people: digests by which accounts can be told to be one person's, and rewards that were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.risk.models import Look, Trace
from apps.risk.states import Trait


def export(person: Person) -> Mapping[str, personal.Table]:
    """Which traits were noticed and when, and the member's rewards that were looked at with the outcome."""
    looks = Look.objects.filter(member_id=person.member_id).order_by("id")
    traces = Trace.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "风险特征": personal.table(traces, "trait", "first_at", "last_at"),
        "奖励核实": personal.table(looks, "title", "verdict", "at", "judged_at"),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Delete the traces but one: that of the WeChat identity, or the newcomers' rewards could be had again and again."""
    Trace.objects.filter(member_id=person.member_id).exclude(trait=Trait.PAYER).delete()


_WHY = "个人信息保护法第十三条：防止冒领奖励所必需；仅存密钥摘要，无法还原"

ROOM = Room(
    name="risk",
    holdings=(
        Holding(
            model="risk.Trace",
            plain=("digest",),
            exported="风险特征",
            fate=Fate.NAMELESS,
            kept="最近一次出现后 180 天（RISK_TRACE_DAYS）",
            why=_WHY,
        ),
        Holding(
            model="risk.Look",
            plain=("title", "note", "kind", "subject"),
            exported="奖励核实",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="扣留、放行与驳回奖励的依据；会员注销后不再指向个人",
        ),
        Holding(
            model="risk.Reason",
            plain=("text",),
            not_exported="如何识别冒领，公开后会被规避；结论已导出",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="扣留、放行与驳回奖励的依据；会员注销后不再指向个人",
        ),
    ),
    export=export,
    erase=erase,
)
