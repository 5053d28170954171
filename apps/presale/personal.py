"""What pre-sales hold of people: which of their orders wait for goods or for a balance."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.presale.models import Report, Reservation

_TRADE = "电子商务法第三十一条：交易信息自交易完成之日起保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's own orders of pre-sales."""
    rows = Reservation.objects.filter(order__member_id=person.member_id).order_by("id")
    reports = Report.objects.filter(order__member_id=person.member_id).order_by("id")
    return {
        "预售": personal.table(
            rows, "status", "balance_until", "arrived_at", 订单号="order__order_no", 活动="presale__title"
        ),
        "预售报备": personal.table(
            reports, "transaction_id", "delay_to", "status", "reported_at", 订单号="order__order_no"
        ),
    }


ROOM = Room(
    name="presale",
    holdings=(
        Holding(
            model="presale.Reservation",
            exported="预售",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="presale.Report",
            plain=("last_error",),
            exported="预售报备",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
    ),
    export=export,
)
