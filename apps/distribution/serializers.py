"""The shapes of distribution's API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.inputs import StrictCodeField
from apps.base.schema import ServerTimeField
from apps.distribution.states import CommissionStatus

# In the contract's words: who was refused is none, and may ask again.
STATUSES = ["NONE", "PENDING", "ACTIVE", "SUSPENDED", "LEFT"]


class ApplicationSerializer(serializers.Serializer[Any]):
    """Asking to be a promoter."""

    agreement_version = StrictCodeField(
        required=False,
        max_length=20,
        help_text="The version of the promoters' agreement that the member agrees to, where one is published.",
    )


class RatesSerializer(serializers.Serializer[Any]):
    first = serializers.IntegerField(help_text="Basis points of what customers of one's own pay.")
    second = serializers.IntegerField(
        help_text="Basis points of what customers of those pay who were brought."
    )


class AgreementSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    body = serializers.CharField()


class PromoterSerializer(serializers.Serializer[Any]):
    """The member as a promoter, and their money."""

    status = serializers.ChoiceField(choices=STATUSES, help_text="`NONE`: never asked, or was refused.")
    level = serializers.CharField(
        allow_null=True, help_text="Name of the promoters' level; null without one."
    )
    rates_bp = RatesSerializer(help_text="What goods without a rate of their own bring.")
    promo_code = serializers.CharField(
        allow_null=True, help_text="The word that binds who types it; null for nobody."
    )
    pending_fen = serializers.IntegerField(help_text="Earned by orders that are not received yet, in fen.")
    frozen_fen = serializers.IntegerField(help_text="Waits for the after-sales window to end, in fen.")
    available_fen = serializers.IntegerField(help_text="Can be withdrawn, in fen.")
    withdrawing_fen = serializers.IntegerField(help_text="On its way, in fen.")
    withdrawn_fen = serializers.IntegerField(help_text="Arrived, in fen.")
    debt_fen = serializers.IntegerField(
        help_text="Taken back by refunds after it was withdrawn, in fen; the next income pays it."
    )
    agreement = AgreementSerializer(
        allow_null=True, help_text="The promoters' agreement in force; null where none is published."
    )


class PromoCodeSerializer(serializers.Serializer[Any]):
    """A promoter's word."""

    promo_code = StrictCodeField(max_length=20, help_text="The word that a promoter tells around.")


class InviterSerializer(serializers.Serializer[Any]):
    """Who brought the member."""

    nickname = serializers.CharField(help_text="Their nickname, masked.")
    since = serializers.DateTimeField(help_text="Since when.")
    until = serializers.DateTimeField(allow_null=True, help_text="Until when; null: for ever.")


class TeamMateSerializer(serializers.Serializer[Any]):
    """Somebody who was brought."""

    nickname = serializers.CharField(help_text="Their nickname, masked.")
    since = serializers.DateTimeField(help_text="When they were brought.")
    until = serializers.DateTimeField(allow_null=True, help_text="Until when they count; null: for ever.")
    is_promoter = serializers.BooleanField(help_text="Whether they promote as well.")
    orders = serializers.IntegerField(
        help_text="Their orders by which this promoter earned, not refunded whole."
    )


class TeamPageSerializer(serializers.Serializer[Any]):
    results = TeamMateSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class BroughtOrderSerializer(serializers.Serializer[Any]):
    """An order by which the promoter earns."""

    order_no = serializers.CharField(help_text="Its number, masked.")
    buyer = serializers.CharField(help_text="Nickname of who bought, masked.")
    level = serializers.IntegerField(help_text="1: a customer of one's own; 2: one of theirs.")
    base_fen = serializers.IntegerField(help_text="What was paid for its goods, less refunds, in fen.")
    amount_fen = serializers.IntegerField(help_text="What it brings, less what was taken back, in fen.")
    paid_at = serializers.DateTimeField()


class BroughtOrderPageSerializer(serializers.Serializer[Any]):
    results = BroughtOrderSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class CommissionSerializer(serializers.Serializer[Any]):
    """What a line of an order brings; a take-back is a row of its own, negative."""

    order_no = serializers.CharField(help_text="Number of the order, masked.")
    sku_title = serializers.CharField(help_text="What was bought.")
    base_fen = serializers.IntegerField(help_text="What was paid for it, in fen; negative: what went back.")
    rate_bp = serializers.IntegerField(help_text="Basis points, as they were at the payment.")
    rate_source = serializers.CharField(help_text="Which rule gave the rate, in Chinese.")
    amount_fen = serializers.IntegerField(help_text="What it brings, in fen; negative: what was taken back.")
    level = serializers.IntegerField(help_text="1: a customer of one's own; 2: one of theirs.")
    status = serializers.ChoiceField(choices=CommissionStatus.choices)
    reason = serializers.CharField(help_text="Why, in Chinese; may be empty.")
    at = serializers.DateTimeField()
    available_at = serializers.DateTimeField(
        allow_null=True, help_text="From when it can be withdrawn; null: not known yet, or never."
    )


class CommissionPageSerializer(serializers.Serializer[Any]):
    results = CommissionSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class PromotedGoodSerializer(serializers.Serializer[Any]):
    """Something to promote, with what it brings."""

    product_id = serializers.IntegerField()
    title = serializers.CharField()
    cover_url = serializers.CharField(allow_null=True)
    price_fen = serializers.IntegerField()
    rate_bp = serializers.IntegerField(help_text="Basis points of what a customer of one's own pays for it.")
    rate_source = serializers.CharField(help_text="Which rule gave the rate, in Chinese.")
    commission_fen = serializers.IntegerField(help_text="What one unit brings at this price, in fen.")


class PromotedGoodPageSerializer(serializers.Serializer[Any]):
    results = PromotedGoodSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class MaterialSerializer(serializers.Serializer[Any]):
    """A text and a picture to post."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField()
    image_url = serializers.CharField(allow_null=True)
    product_id = serializers.IntegerField(allow_null=True)


class MaterialPageSerializer(serializers.Serializer[Any]):
    results = MaterialSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class BoardPlaceSerializer(serializers.Serializer[Any]):
    """A place on the leaderboard."""

    place = serializers.IntegerField(help_text="1 is the first.")
    nickname = serializers.CharField(help_text="The promoter's nickname, masked.")
    orders = serializers.IntegerField(help_text="Orders of own customers, without those refunded whole.")
    amount_fen = serializers.IntegerField(help_text="What was paid for their goods, less refunds, in fen.")


class LeaderboardSerializer(serializers.Serializer[Any]):
    results = BoardPlaceSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Always null: the first fifty are all there are.")
    mine = BoardPlaceSerializer(allow_null=True, help_text="Where the caller stands; null: not on it.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    server_time = ServerTimeField()
