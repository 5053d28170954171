"""The shapes of the flash sales' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.schema import ServerTimeField
from apps.campaigns.states import State
from apps.flashsale.states import WaitState


class FlashGoodSerializer(serializers.Serializer[Any]):
    """A good of a session, as it is for who asks."""

    id = serializers.IntegerField(help_text="What an order, a reminder and a wait name.")
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    title = serializers.CharField(help_text="The product's title.")
    cover_url = serializers.CharField(allow_null=True)
    list_price_fen = serializers.IntegerField(help_text="The price of one outside of the sale, in fen.")
    price_fen = serializers.IntegerField(help_text="The price of one in the sale, in fen.")
    quota = serializers.IntegerField(help_text="How many units the session sells in all.")
    left = serializers.IntegerField(
        help_text="Units that can be ordered now, unpaid ones counted as gone; never more than lies on the shelf. "
        "0 for others while who waited has a right to the rest."
    )
    limit_per_member = serializers.IntegerField(
        help_text="How many units one member may have over all orders, unpaid ones included."
    )
    reminded = serializers.BooleanField(help_text="Whether I asked to be reminded; false without a login.")


class FlashSessionSerializer(serializers.Serializer[Any]):
    """A session; times are half-open, ``[starts_at, ends_at)``."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=State.choices)
    exclusive = serializers.BooleanField(help_text="Only members of a group may order.")
    goods = FlashGoodSerializer(many=True, help_text="What the session sells.")


class FlashSessionsSerializer(serializers.Serializer[Any]):
    results = FlashSessionSerializer(many=True, help_text="The sessions, the soonest first.")
    next = serializers.URLField(
        allow_null=True, help_text="Always null: the sessions of the days are one page."
    )
    server_time = ServerTimeField()


class RemindedSerializer(serializers.Serializer[Any]):
    good_id = serializers.IntegerField(help_text="Id of the good of the flash sale.")
    reminded = serializers.BooleanField(help_text="Always true: what was asked for is kept.")
    starts_at = serializers.DateTimeField(help_text="When its session begins.")
    server_time = ServerTimeField()


class PlaceSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="Which one in the queue I am; 1 is next.")
    server_time = ServerTimeField()


class WaitSerializer(serializers.Serializer[Any]):
    """A place or a right; ``until`` is the end of a right that was given."""

    good_id = serializers.IntegerField(help_text="Id of the good of the flash sale.")
    state = serializers.ChoiceField(choices=WaitState.choices)
    until = serializers.DateTimeField(allow_null=True, help_text="Until when the unit is kept for me.")


class WaitPageSerializer(serializers.Serializer[Any]):
    results = WaitSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()
