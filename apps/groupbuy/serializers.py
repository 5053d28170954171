"""The shapes of the group-buys' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.schema import ServerTimeField
from apps.campaigns.states import State
from apps.groupbuy.states import GroupStatus


class TierSerializer(serializers.Serializer[Any]):
    """From so many people on a unit costs so much."""

    size = serializers.IntegerField(help_text="How many people.")
    price_fen = serializers.IntegerField(help_text="What a unit then costs each of them, in fen.")


class GroupBuySkuSerializer(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    list_price_fen = serializers.IntegerField(help_text="What it costs by itself, in fen.")
    tiers = TierSerializer(
        many=True, help_text="The smallest number of people first; one is an ordinary group-buy."
    )
    leader_price_fen = serializers.IntegerField(
        help_text="What whoever opens a group pays, in fen: the first tier's price where nothing else is said."
    )


class GroupBuySerializer(serializers.Serializer[Any]):
    """A product that is cheaper for several together."""

    id = serializers.IntegerField(help_text='What an order names: `{"kind": "group_buy", "id"}`.')
    product_id = serializers.IntegerField()
    title = serializers.CharField()
    cover_url = serializers.URLField(allow_null=True)
    skus = GroupBuySkuSerializer(many=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="Until then groups are opened; each has an end of its own.")
    minutes_per_group = serializers.IntegerField(help_text="How long a group has, from the opener's payment.")
    limit_per_member = serializers.IntegerField(
        allow_null=True,
        help_text="Units of one member over all orders, unpaid ones included; null: no limit.",
    )
    left = serializers.IntegerField(
        help_text="Units that can still be had: never more than lie on the shelf."
    )
    newcomers_only = serializers.BooleanField(help_text="Whether only who never paid for an order may join.")
    combines = serializers.ListField(
        child=serializers.CharField(), help_text="What may go with the price; free postage always may."
    )
    state = serializers.ChoiceField(choices=State.choices)


class OneGroupBuySerializer(GroupBuySerializer):
    server_time = ServerTimeField()


class GroupBuyPageSerializer(serializers.Serializer[Any]):
    results = GroupBuySerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()


class NextTierSerializer(TierSerializer):
    missing = serializers.IntegerField(help_text="How many more it takes.")


class NextPriceSerializer(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    price_fen = serializers.IntegerField(help_text="What the next one pays for a unit, in fen.")


class GroupMemberSerializer(serializers.Serializer[Any]):
    nickname = serializers.CharField(help_text="Masked: its first character.")
    avatar_url = serializers.CharField()
    is_leader = serializers.BooleanField(help_text="Whether it is this member's group.")


class GroupSerializer(serializers.Serializer[Any]):
    """Members who buy together: whoever has paid is in."""

    group_no = serializers.CharField(help_text="What an order names to join it, beside the group-buy.")
    group_buy_id = serializers.IntegerField(help_text="The group-buy that it is of.")
    status = serializers.ChoiceField(choices=GroupStatus.choices)
    joinable = serializers.BooleanField(help_text="Whether there is a place now; unpaid orders hold theirs.")
    size = serializers.IntegerField(help_text="How many form it: the smallest tier.")
    joined = serializers.IntegerField(help_text="How many have paid.")
    missing = serializers.IntegerField(help_text="How many more form it; 0 once it is formed.")
    price_fen = serializers.IntegerField(
        help_text="What the next one pays, in fen; of several SKUs the lowest."
    )
    prices = NextPriceSerializer(many=True, help_text="The same for each SKU.")
    next_tier = NextTierSerializer(
        allow_null=True, help_text="The next number of people at which the price falls."
    )
    ends_at = serializers.DateTimeField()
    members = GroupMemberSerializer(many=True, help_text="Who has paid, the leader first.")
    is_mine = serializers.BooleanField(help_text="Whether I have a place in it, paid or not.")
    my_order_no = serializers.CharField(allow_null=True, help_text="The order that has my place.")


class OneGroupSerializer(GroupSerializer):
    server_time = ServerTimeField()


class GroupPageSerializer(serializers.Serializer[Any]):
    results = GroupSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()
