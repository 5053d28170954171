"""What is true of a group when its members are told of it: how it ended, or that one is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.groupbuy import terms as group_terms
from apps.groupbuy.models import Group, Seat
from apps.groupbuy.states import GroupStatus, SeatStatus
from apps.messaging.board import Facts
from apps.messaging.services.writing import Draft

_RESULTS: Final = {
    GroupStatus.FORMED: ("拼团成功", "商品即将发出"),
    GroupStatus.FAILED: ("拼团失败", "款项原路退回"),
}


def result(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The end of the group by its number, of whoever has a paid seat in it, or had one when it failed."""
    seat = _seat(subject, member_id)
    if seat is None or seat.group is None or seat.group.status not in _RESULTS:
        return None
    group = seat.group
    said, hint = _RESULTS[GroupStatus(group.status)]
    return Facts(
        values={
            "group_no": subject,
            "product": seat.group_buy.product.title,
            # A group that failed is told by what it was to be.
            "size": max(group.joined, group.size),
            "price": _price_fen(seat, group),
            "result": said,
            "hint": hint,
        }
    )


def missing(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The group by its number, as long as it is open and exactly one is missing; worth telling until it ends."""
    seat = _seat(subject, member_id)
    if seat is None or seat.group is None or seat.status != SeatStatus.PAID:
        return None
    group = seat.group
    if group.status != GroupStatus.OPEN or group.ends_at <= at or group.joined + 1 != group.size:
        return None
    return Facts(
        values={
            "group_no": subject,
            "product": seat.group_buy.product.title,
            "missing": 1,
            "price": _price_fen(seat, group),
            "ends_at": group.ends_at,
        },
        until=group.ends_at,
    )


def members_of(group_no: str, *, scene: str) -> list[Draft]:
    """A message of this scene for each member who has paid for a seat in the group."""
    seats = Seat.objects.filter(group__group_no=group_no, paid_at__isnull=False).order_by("member_id")
    return [
        Draft(scene=scene, member_id=member_id, subject=group_no, occasion=group_no, order_no=order_no)
        for member_id, order_no in seats.values_list("member_id", "order__order_no")
    ]


def _price_fen(seat: Seat, group: Group) -> int:
    """What a unit of what the member ordered costs in the group as large as it is, or as it is to be."""
    sku_id = seat.order.lines.order_by("id").values_list("sku_id", flat=True)[0]
    prices_fen = group_terms.Terms.read(group.kept_terms).prices_fen(people=max(group.joined, group.size))
    return prices_fen[sku_id]


def _seat(group_no: str, member_id: int) -> Seat | None:
    """The member's paid seat, the latest."""
    return (
        Seat.objects.select_related("group", "group_buy__product", "order")
        .filter(group__group_no=group_no, member_id=member_id, paid_at__isnull=False)
        .order_by("-id")
        .first()
    )
