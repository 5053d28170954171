"""Reading packets: which rule an order falls under, a packet with who opened it, what waits, and what does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from apps.base import days
from apps.coupons import selectors as coupon_facts
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import PAID_FOR
from apps.packets.models import Packet, PacketRule, Part
from apps.packets.states import Buyers, PacketStatus, PartStatus
from mall.errors import NotFound


class PacketNotFound(NotFound):
    """There is no such packet."""

    code = "packet_not_found"
    message = "立减金不存在"


def rule_for(order: Order) -> PacketRule | None:
    """The rule that an order falls under by what is still paid for its goods: of several, that which wants most."""
    if order.paid_at is None:
        return None
    rules = PacketRule.objects.filter(
        enabled=True,
        starts_at__lte=order.paid_at,
        ends_at__gt=order.paid_at,
        order_from_fen__lte=order_facts.goods_kept_fen(order),
    ).select_related("coupon")
    if not is_first(order):
        rules = rules.exclude(buyers=Buyers.NEWCOMERS)
    return rules.order_by("-order_from_fen", "id").first()


def is_first(order: Order) -> bool:
    """Whether it is the first order that its buyer ever paid."""
    paid = Order.objects.filter(member_id=order.member_id, paid_at__isnull=False)
    return paid.order_by("paid_at", "id").values_list("pk", flat=True).first() == order.pk


def stands(packet: Packet) -> bool:
    """Whether so much of the packet's order is still paid for as brought it."""
    order = Order.objects.filter(order_no=packet.order_no, status__in=PAID_FOR).first()
    return order is not None and order_facts.goods_kept_fen(order) >= packet.order_from_fen


def packet(packet_no: str) -> Packet:
    """A packet with rule, coupon and buyer. Raises PacketNotFound."""
    rows = Packet.objects.select_related("rule__coupon", "member")
    found = rows.filter(packet_no=packet_no).first()
    if found is None:
        raise PacketNotFound
    return found


def of_member(member: Member, *, order_no: str = "") -> QuerySet[Packet]:
    """The packets that a member's orders brought, or that one order did."""
    mine = Packet.objects.filter(member=member).select_related("rule__coupon", "member")
    return mine.filter(order_no=order_no) if order_no else mine


def opened_parts(rows: Sequence[Packet]) -> dict[int, list[Part]]:
    """The parts of these packets that are somebody's, by packet, the buyer's first: one statement."""
    found: dict[int, list[Part]] = {}
    parts = Part.objects.filter(packet__in=rows, member__isnull=False)
    for part in parts.select_related("member", "coupon").order_by("packet_id", "place"):
        found.setdefault(part.packet_id, []).append(part)
    return found


def opened_today(member_id: int, *, at: datetime) -> int:
    """How many packets of others a member has opened on this Shanghai day."""
    since, until = days.day_window(days.shop_day(at))
    mine = Part.objects.filter(member_id=member_id, opened_at__gte=since, opened_at__lt=until)
    return mine.exclude(place=0).count()


def friends_of(member_id: int, *, most: int) -> list[int]:
    """The latest members who opened packets of a buyer."""
    opened = Part.objects.filter(packet__member_id=member_id, place__gte=1, member__isnull=False)
    return list(opened.order_by("-id").values_list("member_id", flat=True)[:most])


def lapsed(*, at: datetime) -> QuerySet[Packet]:
    """Open packets whose time is over, the longest first."""
    return Packet.objects.filter(status=PacketStatus.OPEN, ends_at__lte=at).order_by("ends_at", "id")


def waiting_for_coupons(*, at: datetime) -> QuerySet[Part]:
    """Parts that were won and could not be given, and can be by now: no look holds them, the coupon is to be had again."""
    waiting = Part.objects.filter(status=PartStatus.HELD).exclude(note="")
    return waiting.filter(packet__rule__coupon__in=coupon_facts.to_be_had(at=at).order_by()).order_by("id")


def with_openings() -> QuerySet[Packet]:
    """Packets with ``given_fen``, the sum of what was given and not taken back, and ``held``, how many parts wait."""
    return Packet.objects.annotate(
        given_fen=Sum("parts__amount_fen", filter=Q(parts__status=PartStatus.GIVEN), default=0),
        held=Count("parts", filter=Q(parts__status=PartStatus.HELD)),
    )


def unbalanced() -> QuerySet[Packet]:
    """Packets whose parts do not add up to their sum, or whose openings are not as many as are counted: none."""
    theirs = Q(parts__member__isnull=False, parts__place__gte=1)
    rows = Packet.objects.annotate(
        parts_fen=Sum("parts__amount_fen", default=0),
        parts_number=Count("parts"),
        openings=Count("parts", filter=theirs),
    )
    whole = Q(parts_fen=F("sum_fen"), parts_number=F("friends") + 1, openings=F("opened"))
    return rows.exclude(whole)
