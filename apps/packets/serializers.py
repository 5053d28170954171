"""The shapes of the packets' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.inputs import StrictTextField
from apps.base.schema import ServerTimeField
from apps.packets.states import SEEN_PARTS, PacketStatus


class OpenPacketSerializer(serializers.Serializer[Any]):
    """What opening a packet takes."""

    share_token = StrictTextField(
        max_length=32, help_text="The token by which the buyer shared this packet (`POST /shares`)."
    )


class PacketPartSerializer(serializers.Serializer[Any]):
    """My part of a packet."""

    amount_fen = serializers.IntegerField(help_text="What my coupon takes off, in fen.")
    status = serializers.ChoiceField(
        choices=SEEN_PARTS,
        help_text=(
            "`GIVEN`: the coupon is in my wallet; `HELD`: it is looked at, or waits for a coupon; `REFUSED`; "
            "`TAKEN_BACK` where the order went back before the coupon was used."
        ),
    )
    coupon_id = serializers.UUIDField(allow_null=True, help_text="What a quote takes; null unless `GIVEN`.")
    valid_until = serializers.DateTimeField(allow_null=True, help_text="Until when the coupon is good.")
    at = serializers.DateTimeField(help_text="When I got it.")


class OpenedPartSerializer(PacketPartSerializer):
    server_time = ServerTimeField()


class PacketOpeningSerializer(serializers.Serializer[Any]):
    """Who opened a packet."""

    nickname = serializers.CharField(help_text="Masked.")
    amount_fen = serializers.IntegerField(help_text="What was in it, in fen.")
    at = serializers.DateTimeField(help_text="When it was opened.")


class PacketSerializer(serializers.Serializer[Any]):
    """A packet: what a paid order brought its buyer and friends."""

    packet_no = serializers.CharField(help_text="What friends are sent.")
    title = serializers.CharField()
    owner = serializers.CharField(help_text="Masked nickname of the buyer.")
    is_mine = serializers.BooleanField(help_text="Whether my order brought it.")
    status = serializers.ChoiceField(
        choices=PacketStatus.choices,
        help_text="`DONE` when every part is opened; `CLOSED` when too little is left of the order.",
    )
    sum_fen = serializers.IntegerField(help_text="All parts together, the buyer's own among them, in fen.")
    threshold_fen = serializers.IntegerField(help_text="What the goods of the next order must cost, in fen.")
    friends = serializers.IntegerField(help_text="How many friends may open it.")
    opened = serializers.IntegerField(help_text="How many did.")
    openings = PacketOpeningSerializer(many=True, help_text="Friends who opened it, the first one first.")
    mine = PacketPartSerializer(allow_null=True, help_text="My part; null without login, and without one.")
    made_at = serializers.DateTimeField(help_text="When the order brought it.")
    ends_at = serializers.DateTimeField(help_text="From this moment on nobody opens it any more.")


class OnePacketSerializer(PacketSerializer):
    server_time = ServerTimeField()


class MyPacketSerializer(PacketSerializer):
    """A packet of mine, with the order that brought it."""

    order_no = serializers.CharField()


class PacketPageSerializer(serializers.Serializer[Any]):
    results = MyPacketSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()
