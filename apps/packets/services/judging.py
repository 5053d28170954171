"""What a person's decision about a held part means (the board of risk): the friend gets it, or nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.packets.models import Part
from apps.packets.services import giving
from apps.packets.states import PartStatus
from apps.risk.models import Look


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Give a held part; one whose order went back meanwhile stays taken back, which False says."""
    part = _held(look)
    if part is not None:
        giving.give(part, at=at)
    return part is not None


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Give a held part to nobody; False where it is held no more."""
    part = _held(look)
    if part is not None:
        giving.refuse(part, reason=reason)
    return part is not None


def _held(look: Look) -> Part | None:
    named = Part.objects.filter(pk=int(look.subject))
    packet = giving.lock(named.values_list("packet__packet_no", flat=True).get())
    part = named.filter(status=PartStatus.HELD).first()
    if part is not None:
        part.packet = packet
    return part
