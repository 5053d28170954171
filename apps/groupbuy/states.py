"""How a group and a seat in it get from their beginning to their end."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle

# The word of the API for this kind of activity.
KIND: Final = "group_buy"


class GroupStatus(TextChoices):
    """Where a group stands, in the contract's words. Full and over follow from its counts and its clock."""

    OPEN = "OPEN", "拼团中"
    FORMED = "FORMED", "已成团"
    FAILED = "FAILED", "未成团"


class SeatStatus(TextChoices):
    """Where a seat stands: held by an unpaid order, paid, given up, or paid when there was no place any more."""

    HELD = "HELD", "待付款"
    PAID = "PAID", "已参团"
    LEFT = "LEFT", "已退出"
    REFUSED = "REFUSED", "未能参团"


# Who has a place: nobody has two in one group.
SEATED: Final = frozenset({SeatStatus.HELD, SeatStatus.PAID})

GROUP_LIFECYCLE: Final = Lifecycle(
    "group",
    initial=GroupStatus.OPEN,
    moves={
        "form": ({GroupStatus.OPEN}, GroupStatus.FORMED),
        "fail": ({GroupStatus.OPEN}, GroupStatus.FAILED),
    },
    final={GroupStatus.FORMED, GroupStatus.FAILED},
    labels=dict(GroupStatus.choices),
)

SEAT_LIFECYCLE: Final = Lifecycle(
    "seat",
    initial=SeatStatus.HELD,
    moves={
        "pay": ({SeatStatus.HELD}, SeatStatus.PAID),
        "refuse": ({SeatStatus.HELD}, SeatStatus.REFUSED),
        "leave": ({SeatStatus.HELD, SeatStatus.PAID}, SeatStatus.LEFT),
    },
    final={SeatStatus.LEFT, SeatStatus.REFUSED},
    labels=dict(SeatStatus.choices),
)
