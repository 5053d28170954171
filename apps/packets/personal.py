"""What packets hold of people: what a member's orders brought, and which friends' packets they opened."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.packets.models import Packet, Part


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member's own packets (how many opened them, not who), and the parts that they got."""
    own = Packet.objects.filter(member_id=person.member_id).order_by("id")
    got = Part.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "立减金": personal.table(
            own, "packet_no", "order_no", "sum_fen", "opened", "status", "made_at", "ends_at"
        ),
        "立减金领取": personal.table(got, "amount_fen", "status", "opened_at", "given_at"),
    }


def _kept(model: str, *, exported: str, plain: tuple[str, ...]) -> Holding:
    return Holding(
        model=model,
        plain=plain,
        exported=exported,
        fate=Fate.NAMELESS,
        kept="与订单相同",
        why="发放与收回优惠的依据；会员注销后不再指向个人",
    )


ROOM = Room(
    name="packets",
    holdings=(
        _kept("packets.Packet", exported="立减金", plain=("reason",)),
        _kept("packets.Part", exported="立减金领取", plain=("note",)),
    ),
    export=export,
)
