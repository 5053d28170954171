"""What audiences hold of people: how they stand as customers, and the tags that the shop put on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.audiences.models import Rfm, TagMark
from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room


def export(person: Person) -> Mapping[str, personal.Table]:
    """The class with its figures, and the tags."""
    rfm = Rfm.objects.filter(member_id=person.member_id)
    marks = TagMark.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "会员分层": personal.table(
            rfm, "standing", "since", "first_paid_at", "last_paid_at", "orders", "spent_fen", "orders_ever",
            "province", "city", "r", "f", "m", "reckoned_at",
        ),
        "会员标签": personal.table(marks, "at", 标签="tag__name"),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Delete both: who is gone is nobody's customer."""
    Rfm.objects.filter(member_id=person.member_id).delete()
    TagMark.objects.filter(member_id=person.member_id).delete()


_WHY = "商家对自己会员的分类，用于减少打扰；不用于定价（个人信息保护法第二十四条）"

ROOM = Room(
    name="audiences",
    holdings=(
        Holding(
            model="audiences.Rfm",
            personal=("province", "city"),
            exported="会员分层",
            fate=Fate.DELETED,
            kept="会员注销为止",
            why=_WHY,
        ),
        Holding(
            model="audiences.TagMark",
            exported="会员标签",
            fate=Fate.DELETED,
            kept="会员注销为止",
            why=_WHY,
        ),
    ),
    export=export,
    erase=erase,
)
