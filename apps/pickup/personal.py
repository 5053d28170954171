"""What pickups and slots hold of people: which order was fetched or brought where and when; the code is gone with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.pickup.models import Pickup, SlotSeat

_TRADE = "电子商务法第三十一条：商品、支付与物流等交易信息自交易完成之日起保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Pickups and slots with their shops and times."""
    seats = SlotSeat.objects.filter(order__member_id=person.member_id).order_by("id")
    rows = Pickup.objects.filter(order__member_id=person.member_id).order_by("id")
    return {
        "自提单": personal.table(
            rows, "status", "created_at", "ready_at", "fetch_by", "fetched_at",
            订单号="order__order_no", 门店="place__name",
        ),
        "配送时段": personal.table(
            seats, "kind", "starts_at", "ends_at", "taken_at", "released_at",
            订单号="order__order_no", 门店="place__name",
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Nothing: an order that can be fetched stands in the way of leaving, and one that was names nobody."""


def still_open(person: Person) -> Sequence[Open]:
    """Nothing beside the order, which says so itself."""
    return []


ROOM = Room(
    name="pickup",
    holdings=(
        Holding(
            model="pickup.Pickup",
            plain=("code_sealed", "asked_back"),
            exported="自提单",
            fate=Fate.NAMELESS,
            kept="与订单相同；取货码密文在取货或退款时删除",
            why=_TRADE,
        ),
        Holding(
            model="pickup.SlotSeat",
            plain=("kind",),
            exported="配送时段",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
    ),
    export=export,
    erase=erase,
    still_open=still_open,
)
