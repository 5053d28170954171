"""Opening a friend's packet: one part for each friend, under the packet's lock, until none is left."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.members.models import Member
from apps.packets import selectors as packet_facts
from apps.packets.models import Packet, Part
from apps.packets.services import giving, making
from apps.packets.states import KIND, PacketStatus, PartStatus
from apps.risk import services as risk
from apps.risk.states import Verdict
from apps.shares import selectors as share_facts
from mall.errors import Invalid, Kind, ShopError
from mall.money import priced

# Whether friends of before look like this one is asked of the latest so many.
_PEERS: Final = 200


class TokenInvalid(Invalid):
    """Not the token by which the buyer shared this packet."""

    code = "packet_token_invalid"
    message = "分享码无效"


class OwnPacket(ShopError):
    """Nobody opens one's own packet: the buyer's part came with the payment."""

    code = "packet_own"
    message = "您的一份付款时已到账，请分享给好友领取"
    kind = Kind.CONFLICT


class PacketEmpty(ShopError):
    """Friends have opened all there is."""

    code = "packet_empty"
    message = "立减金已被领完"
    kind = Kind.CONFLICT


class PacketOver(ShopError):
    """Its time is over."""

    code = "packet_over"
    message = "立减金已过期"
    kind = Kind.CONFLICT


class PacketClosed(ShopError):
    """Its order went back."""

    code = "packet_closed"
    message = "立减金已关闭"
    kind = Kind.CONFLICT


class OpenedEnough(ShopError):
    """The member has opened as many on this Shanghai day as one may; ``details`` has the ``limit``."""

    code = "packet_limit_reached"
    message = "您今天领取的次数已用完"
    kind = Kind.CONFLICT


@transaction.atomic
def open_part(*, packet_no: str, share_token: str, member_id: int, at: datetime) -> tuple[Part, bool]:
    """Give a friend the next part of a packet; return it, and whether it is a new one: each friend has one.

    A part that looks arranged is HELD until somebody has looked at it. Raises PacketNotFound, TokenInvalid, OwnPacket,
    PacketClosed, PacketOver, PacketEmpty, OpenedEnough; nothing is then written. The friend's lock comes first, so that
    packets that one friend opens at once are counted one after the other.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member_id)
    packet = giving.lock(packet_no)
    share = share_facts.by_token(share_token)
    shown = (share.kind, share.subject, share.member_id) if share else None
    if shown != (KIND, packet.packet_no, packet.member_id):
        raise TokenInvalid
    if packet.member_id == member_id:
        raise OwnPacket
    mine = packet.parts.filter(member_id=member_id).select_related("coupon").first()
    if mine is not None:
        return mine, False
    _refuse_what_is_over(packet, at=at)
    most = packet.rule.opens_per_day
    if packet_facts.opened_today(member_id, at=at) >= most:
        raise OpenedEnough(details={"limit": most})
    part = packet.parts.filter(status=PartStatus.FREE).order_by("place")[0]
    part.packet = packet
    held = _is_held(packet, part, member_id=member_id, at=at)
    giving.win(part, member_id=member_id, at=at)
    packet.opened += 1
    packet.save(update_fields=["opened"])
    if packet.opened == packet.friends:
        making.write(packet, "finish", at=at)
    if not held:
        giving.give(part, at=at)
    return part, True


def _refuse_what_is_over(packet: Packet, *, at: datetime) -> None:
    status = packet.status_at(at)
    # A refund that is through, and whose news has not come here yet, closes it already.
    if status == PacketStatus.CLOSED or not packet_facts.stands(packet):
        raise PacketClosed
    if status == PacketStatus.DONE:
        raise PacketEmpty
    if status == PacketStatus.LAPSED:
        raise PacketOver


def _is_held(packet: Packet, part: Part, *, member_id: int, at: datetime) -> bool:
    """Whether the friend looks like the buyer, or like friends who opened the buyer's packets before."""
    look = risk.look(
        kind=KIND,
        subject=str(part.pk),
        title=f"好友领取「{packet.rule.title}」{priced(part.amount_fen)}",
        member_id=packet.member_id,
        other_id=member_id,
        peers=packet_facts.friends_of(packet.member_id, most=_PEERS),
        at=at,
    )
    return look.verdict == Verdict.HELD
