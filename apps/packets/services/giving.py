"""Giving a part as a coupon of its own sum, and taking it back: the one place that writes a part's status."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.packets import selectors as packet_facts
from apps.packets.models import Packet, Part
from apps.packets.states import KIND, PART_LIFECYCLE, PartStatus
from apps.risk import services as risk

_BATCH: Final = 500
_SPENT: Final = frozenset({CouponStatus.USED, CouponStatus.HELD})


def lock(packet_no: str) -> Packet:
    """Lock a packet, under which all its parts are written, inside the caller's transaction. Raises PacketNotFound."""
    rows = Packet.objects.select_for_update(no_key=True, of=("self",)).select_related("rule", "rule__coupon")
    found = rows.filter(packet_no=packet_no).first()
    if found is None:
        raise packet_facts.PacketNotFound
    return found


def win(part: Part, *, member_id: int, at: datetime) -> None:
    """Make a free part of a locked packet somebody's; it waits until it is given."""
    part.member_id, part.opened_at = member_id, at
    _write(part, "hold")


def give(part: Part, *, at: datetime) -> bool:
    """Give a held part as a coupon; False, with the reason noted, where the coupon is not to be had now."""
    try:
        with transaction.atomic():
            part.coupon = coupons.issue(
                template_id=part.packet.rule.coupon_id,
                member_id=part.member_id or 0,
                way=Coupon.Way.PACKET,
                cause=f"packet:{part.pk}",
                own_off_fen=part.amount_fen,
                at=at,
            )
    except (coupons.SoldOut, coupons.NotIssued) as refusal:
        part.note = refusal.text[:100]
        part.save(update_fields=["note"])
        return False
    part.given_at, part.note = at, ""
    _write(part, "give")
    return True


def refuse(part: Part, *, reason: str) -> None:
    """Give a held part to nobody."""
    part.note = reason[:100]
    _write(part, "refuse")


def take_back(part: Part, *, reason: str, at: datetime) -> None:
    """Take a part back as far as it is there: a coupon that was spent stays given, and the note says so.

    One that an unpaid order holds is revoked when that order lets go of it.
    """
    if part.status == PartStatus.HELD:
        # There is nothing to decide any more for whoever was to look at it.
        risk.settled(kind=KIND, subject=str(part.pk), note=reason, at=at)
    if part.coupon_id is not None:
        status = coupons.recall(coupon_id=part.coupon_id, note=reason, at=at)
        if status in _SPENT:
            part.note = "已用于订单，未能收回"
            part.save(update_fields=["note"])
            return
    part.note = reason[:100]
    _write(part, "take_back")


def give_waiting(*, at: datetime) -> int:
    """Try again to give what could not be given when it was won; return how many were, this time."""
    given = 0
    waiting = packet_facts.waiting_for_coupons(at=at).values_list("pk", "packet__packet_no")
    for part_id, packet_no in waiting[:_BATCH]:
        with transaction.atomic():
            packet = lock(packet_no)
            part = Part.objects.get(pk=part_id)
            part.packet = packet
            if part.status == PartStatus.HELD and part.note:
                given += give(part, at=at)
    return given


def _write(part: Part, move: str) -> None:
    part.status = PART_LIFECYCLE.target(move=move, current=part.status)
    part.save(update_fields=["status", "member", "coupon", "opened_at", "given_at", "note"])
