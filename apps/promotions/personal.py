"""What promotions hold of people: who used which offer, as far as limits are counted by member."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.promotions.models import Promotion, Usage


def export(person: Person) -> Mapping[str, personal.Table]:
    """The offers that the member's orders used."""
    # Asked promotion by promotion: no order pays for an index that only this would read.
    known = list(Promotion.objects.order_by().values_list("pk", flat=True))
    mine = Usage.objects.filter(promotion__in=known, member_id=person.member_id).order_by("id")
    columns = ("order_no", "verb", "uses", "amount_fen", "at")
    return {"促销使用": personal.table(mine, *columns, 促销活动="promotion__label")}


ROOM = Room(
    name="promotions",
    holdings=(
        Holding(
            model="promotions.Usage",
            plain=("day",),
            exported="促销使用",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="限量与对账的流水，只增不改；会员注销后不再指向个人",
        ),
        Holding(
            model="promotions.Tally",
            plain=("day",),
            not_exported="促销使用的合计，明细已导出",
            fate=Fate.NAMELESS,
            kept="与促销活动相同",
            why="每人限用次数的计数；会员注销后不再指向个人",
        ),
        Holding(
            model="promotions.SimulationTally",
            plain=("day",),
            not_exported="模拟计算的中间结果，计算结束即删除",
            fate=Fate.NAMELESS,
            kept="模拟计算结束为止",
            why="活动模拟的计数；会员注销后不再指向个人",
        ),
    ),
    export=export,
)
