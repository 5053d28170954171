"""Parts of an order that stand by themselves: its address, the moves of its history, its card keys."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.orders.states import Actor


class OrderAddressSerializer(serializers.Serializer[Any]):
    """Where the order goes: a copy made when it was placed."""

    name = serializers.CharField()
    phone = serializers.CharField()
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    detail = serializers.CharField()
    postal_code = serializers.CharField()


class MoveSerializer(serializers.Serializer[Any]):
    """One move of the order's history."""

    move = serializers.CharField()
    to = serializers.CharField(source="to_status")
    actor = serializers.ChoiceField(choices=Actor.choices)
    at = serializers.DateTimeField()
    note = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of Python's own.
        return {"from": serializers.CharField(source="from_status"), **super().get_fields()}


class CardSerializer(serializers.Serializer[Any]):
    """A card key (卡密) that was bought."""

    number = serializers.CharField(help_text="The card's number, as its issuer prints it.")
    secret = serializers.CharField(help_text="What it is redeemed by. Show it to nobody else.")
