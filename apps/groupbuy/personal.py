"""What group-buys hold of people: in which groups they sat, and which they led."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.groupbuy.models import Seat


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's places in groups."""
    mine = Seat.objects.filter(member_id=person.member_id).order_by("id")
    columns = ("status", "held_at", "paid_at")
    return {
        "拼团": personal.table(
            mine, *columns, 活动="group_buy__title", 团号="group__group_no", 订单号="order__order_no"
        )
    }


_KEPT = "与订单相同"
_WHY = "成团、退差价与对账的依据；会员注销后不再指向个人"

ROOM = Room(
    name="groupbuy",
    holdings=(
        Holding(
            model="groupbuy.Seat",
            plain=("kept_terms",),
            exported="拼团",
            fate=Fate.NAMELESS,
            kept=_KEPT,
            why=_WHY,
        ),
        Holding(
            model="groupbuy.Group",
            plain=("kept_terms",),
            not_exported="由团员组成，本人的参团记录已导出",
            fate=Fate.NAMELESS,
            kept=_KEPT,
            why=_WHY,
        ),
    ),
    export=export,
)
