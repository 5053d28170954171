"""The shapes of the pre-sales' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.schema import ServerTimeField
from apps.campaigns.states import State


class PresaleSkuSerializer(serializers.Serializer[Any]):
    """A SKU of a pre-sale."""

    sku_id = serializers.IntegerField()
    list_price_fen = serializers.IntegerField(help_text="What it costs without the pre-sale, in fen.")
    price_fen = serializers.IntegerField(
        help_text="Its price in the pre-sale, in fen, before what the deposit is worth beyond what it costs."
    )
    left = serializers.IntegerField(help_text="Units of the plan that can still be ordered.")


class PresaleSerializer(serializers.Serializer[Any]):
    """A campaign: SKUs of one product that are sold before they are here."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    product_id = serializers.IntegerField()
    cover_url = serializers.CharField(allow_null=True)
    skus = PresaleSkuSerializer(many=True)
    deposit_fen = serializers.IntegerField(
        allow_null=True, help_text="The deposit of a unit, in fen; null where the whole is paid at once."
    )
    deposit_worth_fen = serializers.IntegerField(
        allow_null=True, help_text="What the deposit of a unit takes off its price, in fen."
    )
    deposit_from = serializers.DateTimeField(help_text="From then on it can be ordered.")
    deposit_until = serializers.DateTimeField(help_text="Until then it can be ordered.")
    balance_from = serializers.DateTimeField(
        allow_null=True, help_text="From then on the balance can be paid; null without a deposit."
    )
    balance_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the balance can be paid; null without a deposit."
    )
    ships_by = serializers.DateTimeField(help_text="Until then it leaves, as the shop promises.")
    deposit_refundable = serializers.BooleanField(
        help_text="Whether the deposit goes back if the balance is not paid."
    )
    left = serializers.IntegerField(help_text="Units of all its SKUs that can still be ordered.")
    state = serializers.ChoiceField(choices=State.choices)


class OnePresaleSerializer(PresaleSerializer):
    server_time = ServerTimeField()


class PresalePageSerializer(serializers.Serializer[Any]):
    results = PresaleSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()
