"""What reviews hold of people: what a member wrote and showed of what they bought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.content.models import Picture, Review, ReviewMove
from apps.content.services import erasing
from apps.pictures.stored import address

_WRITTEN = "会员同意（PIPL 第十三条第一款第一项、第四十七条）"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Reviews with their history, and pictures by the addresses under which they can be fetched."""
    reviews = Review.objects.filter(member_id=person.member_id).order_by("id")
    moves = ReviewMove.objects.filter(review__member_id=person.member_id).order_by("id")
    pictures = Picture.objects.filter(member_id=person.member_id).order_by("id")
    shown = personal.table(
        pictures, "public_id", "file", "uploaded_at", 订单号="review__line__order__order_no"
    )
    return {
        "商品评价": personal.table(
            reviews, "rating", "text", "anonymous", "status", "reply", "replied_at", "written_at",
            商品="product__title", 订单号="line__order__order_no",
        ),
        "评价历史": personal.table(
            moves, "move", "to_status", "reason", "at", 订单号="review__line__order__order_no"
        ),
        "评价图片": [{**picture, "文件": address(picture["文件"])} for picture in shown],
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Empty the reviews and delete the pictures, files included."""
    erasing.erase_of_member(member_id=person.member_id, reason="会员注销", at=at)


ROOM = Room(
    name="content",
    holdings=(
        Holding(
            model="content.Review",
            personal=("text", "reply"),
            plain=("reason",),
            exported="商品评价",
            fate=Fate.EMPTIED,
            kept="会员撤回同意或注销为止",
            why=_WRITTEN,
        ),
        Holding(
            model="content.Picture",
            personal=("file",),
            exported="评价图片",
            fate=Fate.DELETED,
            kept="会员撤回同意或注销为止",
            why=_WRITTEN,
        ),
        Holding(
            model="content.ReviewMove",
            plain=("reason",),
            exported="评价历史",
            fate=Fate.NAMELESS,
            kept="长期",
            why="审核的流水，只增不改，不含评价内容；会员注销后不再指向个人",
        ),
    ),
    export=export,
    erase=erase,
)
