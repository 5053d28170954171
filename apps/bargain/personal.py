"""What bargains hold of people: who bargained for what, and who helped whom."""

from __future__ import annotations

from collections.abc import Mapping

from apps.bargain.models import Help, Run
from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's own bargains, and where they helped."""
    runs = Run.objects.filter(member_id=person.member_id).order_by("id")
    helps = Help.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "砍价": personal.table(
            runs,
            "bargain_no",
            "status",
            "start_fen",
            "cut_fen",
            "opened_at",
            "order_no",
            活动="bargain__title",
        ),
        "帮砍": personal.table(helps, "held", "at", 砍掉="cut__amount_fen", 砍价编号="run__bargain_no"),
    }


ROOM = Room(
    name="bargain",
    holdings=(
        Holding(
            model="bargain.Run",
            exported="砍价",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="成交价格的依据；会员注销后不再指向个人",
        ),
        Holding(
            model="bargain.Help",
            plain=("reason",),
            exported="帮砍",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="成交价格的依据；会员注销后不再指向个人",
        ),
        Holding(
            model="bargain.Cut",
            not_exported="预先抽定的金额，所砍的已在帮砍中导出",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="成交价格的依据；会员注销后不再指向个人",
        ),
        Holding(
            model="bargain.HelpsOfDay",
            plain=("day",),
            not_exported="帮砍的合计，明细已导出",
            fate=Fate.NAMELESS,
            kept="与活动相同",
            why="每人每天次数限制的计数；会员注销后不再指向个人",
        ),
    ),
    export=export,
)
