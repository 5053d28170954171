"""Plain makers for tests of packets: a rule, an order that brings one, friends who open it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from apps.coupons.models import Template
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.packets import services as packets
from apps.packets.models import Packet, PacketRule, Part
from apps.shares import cards
from apps.shares import services as shares
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members

NOW = counter.NOW
LATER = NOW + timedelta(hours=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

member = members.member
buyer = counter.buyer


def template(**fields: Any) -> Template:
    """From 50 yuan on, for seven days, given by packets only."""
    plain = {"name": "立减金", "threshold_fen": 5000, "off_fen": 500, "visible": False}
    return coupons.template(**{**plain, **fields})


def rule(**columns: Any) -> PacketRule:
    """Orders from 30 yuan on bring 8 yuan for the buyer and three friends, for a day, if nothing else is said."""
    plain = {
        "title": "下单立减金",
        "starts_at": NOW - DAY,
        "ends_at": NOW + DAY,
        "order_from_fen": 3000,
        "least_fen": 800,
        "most_fen": 800,
        "friends": 3,
        "hours": 24,
        "opens_per_day": 5,
    }
    if "coupon" not in columns:
        columns["coupon"] = template()
    return packets.save_rule(PacketRule(**{**plain, **columns}))


def neighbour() -> tuple[Member, Address]:
    """Somebody with an address and a phone number of their own."""
    somebody = member("周小舟")
    return somebody, members.address(somebody, detail="莫干山路 18 号", phone="13900000018")


def order(who: tuple[Member, Address] | None = None, *, price_fen: int = 5000, units: int = 1) -> Order:
    """A paid order of so many units."""
    return sale.paid(who or buyer(), [(counter.goods(price_fen), units)])


def packet(who: tuple[Member, Address] | None = None, *, price_fen: int = 5000, at: datetime = NOW) -> Packet:
    """The packet that a paid order brought."""
    made = packets.make(order_no=order(who, price_fen=price_fen).order_no, at=at)
    assert made is not None
    return made


def token(of: Packet, *, by: Member | None = None, at: datetime = NOW) -> str:
    """The token by which its buyer shares a packet."""
    kind = cards.kind_of("packet")
    card = cards.find(kind, of.packet_no, member_id=(by or of.member).pk, at=at)
    return shares.open_share(member_id=(by or of.member).pk, kind=kind, card=card, at=at).token


def open_it(of: Packet, friend: Member, *, at: datetime = LATER, by: str = "") -> Part:
    """A friend opens the packet by the token that the buyer sent."""
    part, _ = packets.open_part(
        packet_no=of.packet_no, share_token=by or token(of), member_id=friend.pk, at=at
    )
    return part


def fresh(of: Packet) -> Packet:
    return Packet.objects.get(pk=of.pk)


def standing(of: Packet) -> list[str]:
    """The statuses of its parts, the buyer's first."""
    return list(of.parts.order_by("place").values_list("status", flat=True))


def refund(of: Packet, *, units: int | None = None, at: datetime = LATER) -> int:
    """So many units of the packet's order go back, or all; the news is told. How many parts were taken back."""
    bought = Order.objects.get(order_no=of.order_no)
    back = {line.sku: units or line.quantity for line in bought.lines.all()}
    sale.refund(bought, back, shipping_fen=0 if units else bought.shipping_fen, at=at)
    return packets.take_back(order_no=of.order_no, at=at)
