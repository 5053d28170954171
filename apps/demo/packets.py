"""Packets of the demo shop: a rule, one that friends open, one that nobody opened yet, a part that waits for a look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.catalog.models import Sku
from apps.coupons.models import Template
from apps.coupons.services import templates
from apps.demo import levels, past_orders
from apps.members.models import Member
from apps.packets import services as packets
from apps.packets.models import Packet, PacketRule
from apps.packets.states import KIND
from apps.risk import services as risk
from apps.risk.states import Trait
from apps.shares import cards
from apps.shares import services as shares

_SKU: Final = "GW-SANCAI-1"
# Numbers of shoppers that nobody else in the demo shop has.
_FIRST: Final = 51


def fill(*, at: datetime) -> None:
    """Set a rule up and let an order bring a packet that friends open; nothing where there is a rule already."""
    sku = Sku.objects.filter(code=_SKU).first()
    if sku is None or PacketRule.objects.exists():
        return
    packets.save_rule(
        PacketRule(
            title="下单立减金",
            starts_at=at - timedelta(days=1),
            ends_at=at + timedelta(days=60),
            order_from_fen=5_000,
            least_fen=800,
            most_fen=1_500,
            friends=4,
            hours=24,
            opens_per_day=5,
            coupon=_coupon(),
        )
    )
    buyer, second, third, alike = (
        levels.shopper(name, number=number, at=at)
        for number, name in enumerate(("白露", "谷雨", "惊蛰", "小满"), start=_FIRST)
    )
    packet = _bought(buyer, sku, at=at)
    # A second account on the buyer's own phone: its part waits for somebody to look at it.
    for each in (buyer, alike):
        risk.note(member_id=each.pk, traits=[(Trait.DEVICE, "1" * 32)], at=at)
    token = _token(packet, at=at)
    for friend in (second, third, alike):
        packets.open_part(packet_no=packet.packet_no, share_token=token, member_id=friend.pk, at=at)
    _bought(second, sku, at=at)


def _coupon() -> Template:
    return templates.create(
        name="好友立减金",
        kind=Template.Kind.THRESHOLD,
        threshold_fen=6_900,
        off_fen=500,
        valid_days=7,
        visible=False,
        note="下次购物满 69 元可用",
    )


def _bought(buyer: Member, sku: Sku, *, at: datetime) -> Packet:
    order = past_orders.paid(member=buyer, sku_ids=[sku.pk], at=at)
    packet = packets.make(order_no=order.order_no, at=at)
    if packet is None:
        raise ValueError(f"the demo's order {order.order_no} brings no packet")
    return packet


def _token(packet: Packet, *, at: datetime) -> str:
    kind = cards.kind_of(KIND)
    card = cards.find(kind, packet.packet_no, member_id=packet.member_id, at=at)
    return shares.open_share(member_id=packet.member_id, kind=kind, card=card, at=at).token
