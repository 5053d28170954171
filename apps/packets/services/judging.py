"""What a person's decision about a held part means (the board of risk): the friend gets it, or nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.packets.models import Part
from apps.packets.services import giving
from apps.packets.states import PartStatus
from apps.risk.models import Look


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> None:
    """Give a held part; one whose order went back meanwhile stays taken back."""
    part = _held(look)
    if part is not None:
        giving.give(part, at=at)


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> None:
    """Give a held part to nobody."""
    part = _held(look)
    if part is not None:
        giving.refuse(part, reason=reason)


def _held(look: Look) -> Part | None:
    packet_no, place = look.subject.split(":")
    packet = giving.lock(packet_no)
    part = packet.parts.filter(place=int(place), status=PartStatus.HELD).first()
    if part is not None:
        part.packet = packet
    return part
