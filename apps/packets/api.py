"""Shopper's doors of packets: mine, one that a friend sent, and opening it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.members.auth import caller
from apps.members.models import Member
from apps.packets import examples
from apps.packets import selectors as packet_facts
from apps.packets import serializers as shapes
from apps.packets import services as packets
from apps.packets.models import Packet, Part
from apps.packets.selectors import PacketNotFound
from apps.packets.states import PartStatus
from mall import text as texts
from mall.errors import NotFound

_NOT_FOUND = refusal(404, "packet_not_found", "立减金不存在")


class MyPacketsView(APIView):
    """What my orders brought."""

    @extend_schema(
        operation_id="me_packets_list",
        tags=["promoters"],
        summary="The packets (立减金) that my orders brought, newest first",
        description=(
            "A packet is made a moment after the payment; my own part is then in my wallet, whether or not I share it. "
            "To let friends open it, share it: `POST /shares` with kind `packet` and its number."
        ),
        parameters=[OpenApiParameter("order_no", str, description="Of this order only."), *PAGING],
        responses=shapes.PacketPageSerializer,
        examples=[examples.PAGE],
    )
    def get(self, request: Request) -> Response:
        member, at = caller(request), timezone.now()
        order_no = request.query_params.get("order_no", "")
        if order_no and not texts.is_number(order_no):
            raise NotFound
        mine = packet_facts.of_member(member, order_no=order_no)
        rows, following = paging.rows_of(request, mine, ordering=["-id"])
        answer = {"results": _shown(rows, member, at=at), "next": following}
        return Response(shapes.PacketPageSerializer(answer).data)


class PacketView(APIView):
    """One packet."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="packets_read",
        tags=["promoters"],
        summary="A packet, and who opened it",
        description="Read by whoever was sent its number, with or without login.",
        responses={200: shapes.OnePacketSerializer, 404: _NOT_FOUND},
        examples=[examples.ONE],
    )
    def get(self, request: Request, packet_no: str) -> Response:
        member = request.user if isinstance(request.user, Member) else None
        (shown,) = _shown([_found(packet_no)], member, at=timezone.now())
        return Response(shapes.OnePacketSerializer(shown).data)


class OpeningsView(APIView):
    """Opening a friend's packet."""

    @extend_schema(
        operation_id="packets_open",
        tags=["promoters"],
        summary="Open a friend's packet",
        description=(
            "Each friend once, never one's own; again answers 200 with the same part. What is in it becomes a coupon of "
            "that sum for the next order. A part that looks arranged is `HELD` until an operator has looked at it."
        ),
        request=shapes.OpenPacketSerializer,
        responses={
            200: shapes.OpenedPartSerializer,
            201: shapes.OpenedPartSerializer,
            400: refusal(400, "packet_token_invalid", "分享码无效"),
            404: _NOT_FOUND,
            409: refusal(409, "packet_limit_reached", "您今天领取的次数已用完", {"limit": 5}),
        },
        examples=[examples.ASKED, examples.OPENED, examples.OPENED_BEFORE, examples.HELD],
    )
    def post(self, request: Request, packet_no: str) -> Response:
        asked = shapes.OpenPacketSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if not texts.is_number(packet_no):
            raise PacketNotFound
        part, new = packets.open_part(
            packet_no=packet_no,
            share_token=asked.validated_data["share_token"],
            member_id=caller(request).pk,
            at=timezone.now(),
        )
        return Response(shapes.OpenedPartSerializer(_part(part)).data, status=201 if new else 200)


def _found(packet_no: str) -> Packet:
    if not texts.is_number(packet_no):
        raise PacketNotFound
    return packet_facts.packet(packet_no)


def _shown(rows: Sequence[Packet], member: Member | None, *, at: datetime) -> list[dict[str, Any]]:
    """The packets as they are answered, with who opened them: one statement more."""
    parts = packet_facts.opened_parts(rows)
    return [_packet(row, parts.get(row.pk, []), member, at=at) for row in rows]


def _packet(row: Packet, parts: Sequence[Part], member: Member | None, *, at: datetime) -> dict[str, Any]:
    mine = next((part for part in parts if member is not None and part.member_id == member.pk), None)
    return {
        "packet_no": row.packet_no,
        "order_no": row.order_no,
        "title": row.rule.title,
        "owner": texts.masked(row.member.nickname),
        "is_mine": member is not None and row.member_id == member.pk,
        "status": row.status_at(at),
        "sum_fen": row.sum_fen,
        "threshold_fen": row.rule.coupon.threshold_fen,
        "friends": row.friends,
        "opened": row.opened,
        "openings": [
            {
                "nickname": texts.masked(part.member.nickname) if part.member else "",
                "amount_fen": part.amount_fen,
                "at": part.opened_at,
            }
            for part in parts
            if part.place
        ],
        "mine": _part(mine) if mine else None,
        "made_at": row.made_at,
        "ends_at": row.ends_at,
    }


def _part(part: Part) -> dict[str, Any]:
    coupon = part.coupon if part.status == PartStatus.GIVEN else None
    return {
        "amount_fen": part.amount_fen,
        "status": part.status,
        "coupon_id": coupon.public_id if coupon else None,
        "valid_until": coupon.valid_until if coupon else None,
        "at": part.opened_at,
    }
