"""Making the packet of a paid order, its parts drawn, and closing it: its time is over, or the order went back.

The order's lock comes first, then the packet's: what a payment and a refund bring wait for each other.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import drawing, numbers
from apps.orders import services as orders
from apps.orders.states import PAID_FOR
from apps.packets import selectors as packet_facts
from apps.packets.models import Packet, Part
from apps.packets.services import giving
from apps.packets.states import PACKET_LIFECYCLE, PartStatus

_BATCH: Final = 500


@transaction.atomic
def make(*, order_no: str, at: datetime) -> Packet | None:
    """Make the packet of a paid order and give the buyer their own part; again returns the first one.

    None where no rule wants the order: it is not paid for (any more), or what is left of its goods is too little.
    """
    order = orders.lock(order_no=order_no)
    known = Packet.objects.filter(order_no=order_no).first()
    if known is not None:
        return known
    rule = packet_facts.rule_for(order) if order.status in PAID_FOR else None
    if rule is None:
        return None
    sum_fen = rule.least_fen + secrets.randbelow(rule.most_fen - rule.least_fen + 1)
    packet = Packet.objects.create(
        packet_no=numbers.dated("LJ", at=at),
        rule=rule,
        member_id=order.member_id,
        order_no=order_no,
        order_from_fen=rule.order_from_fen,
        sum_fen=sum_fen,
        friends=rule.friends,
        made_at=at,
        ends_at=at + timedelta(hours=rule.hours),
    )
    own, *_ = Part.objects.bulk_create(
        Part(packet=packet, place=place, amount_fen=amount_fen)
        for place, amount_fen in enumerate(drawing.parts_fen(sum_fen, people=rule.friends + 1))
    )
    # For having paid, whether or not anybody is told of it: nothing is given for sharing.
    giving.win(own, member_id=order.member_id, at=at)
    giving.give(own, at=at)
    return packet


@transaction.atomic
def take_back(*, order_no: str, at: datetime) -> int:
    """Close the packet of an order of which too little is left, and take back what it gave; return how many parts.

    Nothing for an order whose goods are still worth what brought the packet; again: nothing.
    """
    orders.lock(order_no=order_no)
    found = Packet.objects.filter(order_no=order_no).first()
    if found is None or packet_facts.stands(found):
        return 0
    packet = giving.lock(found.packet_no)
    if packet.status not in PACKET_LIFECYCLE.moves["close"].sources:
        return 0
    reason = f"订单 {order_no} 退款"
    write(packet, "close", reason=reason, at=at)
    taken = 0
    for part in packet.parts.filter(status__in=[PartStatus.HELD, PartStatus.GIVEN]).order_by("place"):
        giving.take_back(part, reason=reason, at=at)
        taken += part.status == PartStatus.TAKEN_BACK
    return taken


def lapse_due(*, at: datetime) -> int:
    """Close open packets whose time is over, one transaction each; return how many, at most a batch."""
    done = 0
    for packet_no in list(packet_facts.lapsed(at=at).values_list("packet_no", flat=True)[:_BATCH]):
        with transaction.atomic():
            packet = giving.lock(packet_no)
            if packet.status in PACKET_LIFECYCLE.moves["lapse"].sources:
                write(packet, "lapse", at=at)
                done += 1
    return done


def write(packet: Packet, move: str, *, reason: str = "", at: datetime) -> None:
    """Make a move of a locked packet: the one place that writes its status."""
    packet.status = PACKET_LIFECYCLE.target(move=move, current=packet.status)
    packet.over_at, packet.reason = at, reason[:100]
    packet.save(update_fields=["status", "over_at", "reason"])
