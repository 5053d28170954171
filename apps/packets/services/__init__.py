"""Everything that writes packets; call it as ``packets.open_part(…)`` (``from apps.packets import services as packets``)."""

from apps.packets.services.giving import give_waiting
from apps.packets.services.making import lapse_due, make, take_back
from apps.packets.services.opening import (
    OpenedEnough,
    OwnPacket,
    PacketClosed,
    PacketEmpty,
    PacketOver,
    TokenInvalid,
    open_part,
)
from apps.packets.services.ruling import RuleRefused, check_rule, save_rule

__all__ = [
    "OpenedEnough",
    "OwnPacket",
    "PacketClosed",
    "PacketEmpty",
    "PacketOver",
    "RuleRefused",
    "TokenInvalid",
    "check_rule",
    "give_waiting",
    "lapse_due",
    "make",
    "open_part",
    "save_rule",
    "take_back",
]
