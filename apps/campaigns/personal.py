"""What campaigns hold of people: how many units of which activity their orders took."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.campaigns.models import Take


def export(person: Person) -> Mapping[str, personal.Table]:
    """The activities that the member's orders took part in."""
    mine = Take.objects.filter(member_id=person.member_id).order_by("id")
    columns = ("order_no", "verb", "units", "at")
    return {"活动参与": personal.table(mine, *columns, 活动类型="quota__kind", 活动编号="quota__key")}


ROOM = Room(
    name="campaigns",
    holdings=(
        Holding(
            model="campaigns.Take",
            plain=("cause",),
            exported="活动参与",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="限购与对账的流水，只增不改；会员注销后不再指向个人",
        ),
        Holding(
            model="campaigns.MemberUnits",
            not_exported="活动参与的合计，明细已导出",
            fate=Fate.NAMELESS,
            kept="与活动相同",
            why="每人限购的计数；会员注销后不再指向个人",
        ),
    ),
    export=export,
)
