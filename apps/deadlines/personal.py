"""What deadlines hold of people: by when their orders were promised, and how they answered to delays."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.deadlines.models import Deadline, Delay, DelayOffer

_TRADE = "电子商务法第三十一条：交易信息自交易完成之日起保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's own orders."""
    rows = Deadline.objects.filter(order__member_id=person.member_id).order_by("id")
    delays = Delay.objects.filter(order__member_id=person.member_id).order_by("id")
    offers = DelayOffer.objects.filter(delay__order__member_id=person.member_id).order_by("id")
    return {
        "发货时限": personal.table(rows, "owed_at", "promised_at", "ended_at", "outcome", 订单号="order__order_no"),
        "延迟发货": personal.table(
            delays, "reason", "note", "was_promised_at", "promised_at", "asked_at", "status", "answered_at",
            订单号="order__order_no",
        ),
        "延迟发货可换商品": personal.table(
            offers, "was_title", "was_option_text", "title", "option_text", "chosen",
            订单号="delay__order__order_no",
        ),
    }  # fmt: skip


ROOM = Room(
    name="deadlines",
    holdings=(
        Holding(
            model="deadlines.Deadline", exported="发货时限", fate=Fate.NAMELESS, kept="与订单相同", why=_TRADE
        ),
        Holding(
            model="deadlines.Delay",
            plain=("note",),
            exported="延迟发货",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="deadlines.DelayOffer",
            plain=("was_title", "was_option_text", "title", "option_text"),
            exported="延迟发货可换商品",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
    ),
    export=export,
)
