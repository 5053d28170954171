"""The shapes of what orders are wrapped in, as shoppers are answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class PackingOptionSerializer(serializers.Serializer[Any]):
    """What an order may be wrapped in, for money."""

    id = serializers.IntegerField(help_text="For `delivery.packing.id` of quote and order.")
    name = serializers.CharField()
    text = serializers.CharField(help_text="A line of what it is; may be empty.")
    image_url = serializers.CharField(allow_null=True)
    price_fen = serializers.IntegerField()
    message_most = serializers.IntegerField(
        help_text="How many characters a card with it may have (`delivery.packing.message`); 0 where there is no card."
    )
    available = serializers.IntegerField(
        allow_null=True,
        help_text="So many are left to be sent, with `place_id` in that shop; null where it is not counted.",
    )


class PackingOptionPageSerializer(serializers.Serializer[Any]):
    """All of them, on one page."""

    results = PackingOptionSerializer(many=True)
    next = serializers.CharField(allow_null=True)
