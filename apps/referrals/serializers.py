"""The shapes of the referrals' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.inputs import StrictTextField
from apps.base.schema import ServerTimeField
from apps.campaigns.states import State
from apps.referrals.states import PRIZE, Act, PrizeKind, RewardStatus


class ReferralPrizeSerializer(serializers.Serializer[Any]):
    """A coupon, points or goods."""

    kind = serializers.ChoiceField(choices=PrizeKind.choices)
    code = serializers.CharField(allow_null=True, help_text="Code of the coupon's template; null for others.")
    points = serializers.IntegerField(allow_null=True, help_text="How many points; null for others.")
    sku_id = serializers.IntegerField(allow_null=True, help_text="The goods; null for others.")
    quantity = serializers.IntegerField(allow_null=True, help_text="How many units; null for others.")
    title = serializers.CharField(help_text="The prize as shoppers read it.")


class ReferralTierSerializer(serializers.Serializer[Any]):
    """So many friends win this."""

    friends = serializers.IntegerField(help_text="How many friends have to count.")
    prize = ReferralPrizeSerializer(help_text="What this many friends win.")


class PrizeActivitySerializer(serializers.Serializer[Any]):
    """The prize as an order names it."""

    kind = serializers.ChoiceField(choices=[PRIZE])
    id = serializers.IntegerField()


class PrizeItemSerializer(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()


class PrizeOrderSerializer(serializers.Serializer[Any]):
    """What a choice of `POST /checkout/quote` and `POST /orders` says to have the goods, beside the address."""

    activity = PrizeActivitySerializer(help_text="The `activity` of the choice.")
    items = PrizeItemSerializer(
        many=True, help_text="The `items` of the choice: no others, no other quantity."
    )
    until = serializers.DateTimeField(help_text="Until when it can be ordered.")
    order_no = serializers.CharField(
        allow_null=True, help_text="The order that has it; null while there is none."
    )


class ReferralWonSerializer(serializers.Serializer[Any]):
    """What I won, or what waits."""

    tier = serializers.IntegerField(
        allow_null=True, help_text="The tier by its number of friends; null for what I got as a friend."
    )
    prize = ReferralPrizeSerializer(help_text="What was won.")
    at = serializers.DateTimeField(help_text="When it was won, or when its tier was within reach first.")
    status = serializers.ChoiceField(
        choices=RewardStatus.choices,
        help_text="`HELD` while a friend is looked at; `TAKEN_BACK` after a friend's order went back.",
    )
    order = PrizeOrderSerializer(
        allow_null=True, help_text="How goods that were given are ordered; null for anything else."
    )


class ReferralMineSerializer(serializers.Serializer[Any]):
    """How my friends stand."""

    friends = serializers.IntegerField(help_text="Friends who came by my share.")
    counted = serializers.IntegerField(help_text="Those who count.")
    held = serializers.IntegerField(help_text="Those who did it and wait for a look.")
    won = ReferralWonSerializer(many=True, help_text="What I won by this campaign, or what waits.")


class WatchSerializer(serializers.Serializer[Any]):
    """The page that a friend has to stay at."""

    kind = serializers.CharField(
        help_text="What it is, in the words of `POST /shares`: a `product`, or an activity."
    )
    id = serializers.IntegerField(help_text="Which one.")
    seconds = serializers.IntegerField(help_text="For how long.")


class ReferralSerializer(serializers.Serializer[Any]):
    """A campaign: what friends have to do, and what that wins."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    act = serializers.ChoiceField(
        choices=Act.choices,
        help_text="`REGISTERED`: a new member who came by the token; `FIRST_ORDER` counts at receipt; "
        "`WATCHED`: such a new member stayed at a page.",
    )
    watch = WatchSerializer(allow_null=True, help_text="For `WATCHED`; null for other acts.")
    needs_phone = serializers.BooleanField(help_text="Whether a friend has to tell their phone, too.")
    tiers = ReferralTierSerializer(many=True, help_text="What how many friends win, the fewest first.")
    friend_prize = ReferralPrizeSerializer(allow_null=True, help_text="What a friend gets; null for nothing.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=State.choices)
    mine = ReferralMineSerializer(allow_null=True, help_text="null without login.")


class WatchOpenedSerializer(serializers.Serializer[Any]):
    """A page that was opened."""

    token = serializers.CharField(help_text="Sent to `…/watch/done` between the two times.")
    path = serializers.CharField(help_text="The page of the mini program.")
    seconds = serializers.IntegerField(help_text="For how long to stay.")
    good_from = serializers.DateTimeField(help_text="When the friend has stayed long enough.")
    good_until = serializers.DateTimeField(help_text="When the page has to be opened anew.")


class WatchDoneRequestSerializer(serializers.Serializer[Any]):
    token = StrictTextField(max_length=200, help_text="As it was given when the page was opened.")


class WatchDoneSerializer(serializers.Serializer[Any]):
    """The friend stayed."""

    watched_at = serializers.DateTimeField(help_text="When that was noted.")
    needs_phone = serializers.BooleanField(help_text="Whether a phone has to be told, too, before it counts.")


class OneReferralSerializer(ReferralSerializer):
    server_time = ServerTimeField()


class ReferralPageSerializer(serializers.Serializer[Any]):
    results = ReferralSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    server_time = ServerTimeField()


class ReferralPlaceSerializer(serializers.Serializer[Any]):
    """A place on the leaderboard of inviters."""

    place = serializers.IntegerField()
    nickname = serializers.CharField(help_text="Masked.")
    friends = serializers.IntegerField(help_text="Friends who counted in this time and still do.")


class ReferralBoardSerializer(serializers.Serializer[Any]):
    results = ReferralPlaceSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Always null: the board ends.")
    mine = ReferralPlaceSerializer(allow_null=True, help_text="null without login, and without friends.")
    starts_at = serializers.DateTimeField(help_text="From when on friends count.")
    ends_at = serializers.DateTimeField(help_text="Until when.")
