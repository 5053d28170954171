"""Where a packet and each of its parts stand, and whose orders bring one."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle, Move

KIND: Final = "packet"


class Buyers(TextChoices):
    """Whose orders bring a packet."""

    EVERYBODY = "EVERYBODY", "所有买家"
    NEWCOMERS = "NEWCOMERS", "首单买家"


class PacketStatus(TextChoices):
    """Where a packet stands."""

    OPEN = "OPEN", "可领取"
    DONE = "DONE", "已领完"
    LAPSED = "LAPSED", "已过期"
    CLOSED = "CLOSED", "已关闭"


PACKET_LIFECYCLE: Final = Lifecycle(
    "packet",
    initial=PacketStatus.OPEN,
    moves={
        "finish": Move({PacketStatus.OPEN}, PacketStatus.DONE),
        "lapse": Move({PacketStatus.OPEN}, PacketStatus.LAPSED),
        # The order went back: whatever was opened by then.
        "close": Move({PacketStatus.OPEN, PacketStatus.DONE, PacketStatus.LAPSED}, PacketStatus.CLOSED),
    },
    final={PacketStatus.CLOSED},
    labels=dict(PacketStatus.choices),
)


class PartStatus(TextChoices):
    """Where a part of a packet stands."""

    FREE = "FREE", "未领取"
    HELD = "HELD", "待核实"
    GIVEN = "GIVEN", "已发放"
    REFUSED = "REFUSED", "已驳回"
    TAKEN_BACK = "TAKEN_BACK", "已收回"


# What people are shown of a part that is theirs.
SEEN_PARTS: Final = [choice for choice in PartStatus.choices if choice[0] != PartStatus.FREE]

PART_LIFECYCLE: Final = Lifecycle(
    "packet_part",
    initial=PartStatus.FREE,
    moves={
        "hold": Move({PartStatus.FREE}, PartStatus.HELD),
        "give": Move({PartStatus.HELD}, PartStatus.GIVEN),
        "refuse": Move({PartStatus.HELD}, PartStatus.REFUSED),
        "take_back": Move({PartStatus.HELD, PartStatus.GIVEN}, PartStatus.TAKEN_BACK),
    },
    final={PartStatus.REFUSED, PartStatus.TAKEN_BACK},
    labels=dict(PartStatus.choices),
)
