"""The shapes of the bargains' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.bargain.states import RunStatus
from apps.base.schema import ServerTimeField
from apps.campaigns.states import State


class BargainSerializer(serializers.Serializer[Any]):
    """A campaign: how low the price of one SKU goes."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    product_id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    cover_url = serializers.CharField(allow_null=True)
    list_price_fen = serializers.IntegerField(help_text="What it costs without friends, in fen.")
    floor_fen = serializers.IntegerField(help_text="As low as friends can cut it, in fen.")
    helpers = serializers.IntegerField(help_text="How many friends it takes to the floor.")
    left = serializers.IntegerField(
        help_text="Units that can still be had, never more than lie on the shelf."
    )
    buy_at_any_price = serializers.BooleanField(
        help_text="Whether it can be bought before the floor is reached."
    )
    helps_per_day = serializers.IntegerField(
        help_text="How often a member may help on a Shanghai day, over all bargains."
    )
    limit_per_member = serializers.IntegerField(
        allow_null=True, help_text="Units that one member may have in all; null for any number."
    )
    minutes_per_run = serializers.IntegerField(help_text="How long friends have from its opening.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=State.choices)


class OneBargainSerializer(BargainSerializer):
    server_time = ServerTimeField()


class BargainPageSerializer(serializers.Serializer[Any]):
    results = BargainSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()


class RunSerializer(serializers.Serializer[Any]):
    """One member's bargain."""

    bargain_no = serializers.CharField(help_text="What an order names, and what friends are sent.")
    bargain_id = serializers.IntegerField(help_text="Id of the bargain that it is a run of.")
    title = serializers.CharField()
    product_id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    cover_url = serializers.CharField(allow_null=True)
    list_price_fen = serializers.IntegerField(help_text="What it began at, in fen.")
    price_fen = serializers.IntegerField(help_text="What it can be bought for now, in fen.")
    floor_fen = serializers.IntegerField(help_text="As low as friends can cut it, in fen.")
    cut_fen = serializers.IntegerField(help_text="What friends have cut, in fen.")
    helps = serializers.IntegerField(help_text="How many friends have cut.")
    helpers = serializers.IntegerField(help_text="How many friends it takes to the floor.")
    ends_at = serializers.DateTimeField(help_text="Until then friends can help and it can be bought.")
    status = serializers.ChoiceField(choices=RunStatus.choices)
    owner = serializers.CharField(help_text="Nickname of whose run it is, masked.")
    is_mine = serializers.BooleanField(help_text="Whether it is the caller's own.")
    helped = serializers.BooleanField(help_text="Whether the caller has helped in it.")
    server_time = ServerTimeField()


class HelpSerializer(serializers.Serializer[Any]):
    """What a help did."""

    cut_fen = serializers.IntegerField(help_text="What it cut, in fen; 0 while it is held.")
    price_fen = serializers.IntegerField(help_text="What the run's price is now, in fen.")
    held = serializers.BooleanField(help_text="Whether it waits for a look and cuts when it is released.")
    server_time = ServerTimeField()
