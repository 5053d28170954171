"""What group-buys hold of people: in which groups they sat, and which they led."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.groupbuy.models import Seat
from apps.groupbuy.states import GroupStatus, SeatStatus
from apps.orders.states import Status
from apps.outbox import selectors as outbox_facts
from mall.events import GroupSettled


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's places in groups."""
    mine = Seat.objects.filter(member_id=person.member_id).order_by("id")
    columns = ("status", "held_at", "paid_at")
    return {
        "拼团": personal.table(
            mine, *columns, 活动="group_buy__title", 团号="group__group_no", 订单号="order__order_no"
        )
    }


def still_open(person: Person) -> Sequence[Open]:
    """Groups that are formed and whose differences are not given back: in part into stored value that nobody opens then.

    That is until the group is over and whoever gives back has heard of it.
    """
    formed = Seat.objects.filter(
        member_id=person.member_id, status=SeatStatus.PAID, group__status=GroupStatus.FORMED
    ).exclude(order__status=Status.REFUNDED)
    rows = list(formed.order_by("id").values_list("order__order_no", "group__group_no", "group__settled_at"))
    settled_at = {group_no: at for _, group_no, at in rows if at is not None}
    coming = outbox_facts.on_the_way(GroupSettled.__name__, field="group_no", told_at=settled_at)
    numbers = tuple(order_no for order_no, group_no, at in rows if at is None or group_no in coming)
    over = Open(code="groups", text="参加的拼团尚未截止，可能退还差价", numbers=numbers, settles_itself=True)
    return [over] if numbers else []


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
    still_open=still_open,
)
