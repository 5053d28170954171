"""The shapes of the points' API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.inputs import StrictIntegerField
from apps.base.schema import ServerTimeField
from apps.points.models import Entry, PointsGood
from apps.points.services.redeeming import MOST_AT_ONCE
from apps.points.states import EntryKind


class ExpiringSerializer(serializers.Serializer[Any]):
    """The points that go next."""

    points = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="The instant from which they are gone.")


class BalanceSerializer(serializers.Serializer[Any]):
    balance = serializers.IntegerField(help_text="What can be spent now.")
    debt = serializers.IntegerField(help_text="What refunds could not take back; the next earning pays it.")
    expiring = ExpiringSerializer(allow_null=True)


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """A row of the ledger; ``points`` is what was given or taken, ``change`` what the balance felt of it."""

    kind = serializers.ChoiceField(choices=EntryKind.choices)
    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    points = serializers.IntegerField(read_only=True)

    class Meta:
        model = Entry
        fields = ["id", "kind", "kind_label", "points", "change", "debt_change", "reason", "at"]


class EntryPageSerializer(serializers.Serializer[Any]):
    results = EntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class NextBonusSerializer(serializers.Serializer[Any]):
    in_days = serializers.IntegerField(help_text="Check-ins that are missing to it.")
    points = serializers.IntegerField(help_text="What that day gives beyond the daily points.")


class CalendarSerializer(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="The month shown, e.g. 2026-11.")
    days = serializers.ListField(child=serializers.DateField(), help_text="The days checked in, in order.")
    checked_in_today = serializers.BooleanField()
    streak = serializers.IntegerField(
        help_text="Days in a row up to today, or to yesterday while today is open."
    )
    daily_points = serializers.IntegerField()
    next_bonus = NextBonusSerializer()


class CheckInSerializer(serializers.Serializer[Any]):
    on = serializers.DateField()
    streak = serializers.IntegerField()
    points = serializers.IntegerField()


class GoodSerializer(serializers.Serializer[Any]):
    """Something for points: a SKU is ordered at the counter, a coupon redeemed at once."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=PointsGood.Kind.choices)
    title = serializers.CharField()
    points = serializers.IntegerField()
    money_fen = serializers.IntegerField(help_text="To be paid beside the points.")
    sku_id = serializers.IntegerField(allow_null=True)
    product_id = serializers.IntegerField(allow_null=True)
    image_url = serializers.CharField(allow_null=True)
    left = serializers.IntegerField(allow_null=True, help_text="null where there is no limit.")
    per_member = serializers.IntegerField(help_text="0 where there is no limit.")
    ends_at = serializers.DateTimeField()
    server_time = ServerTimeField()


class GoodPageSerializer(serializers.Serializer[Any]):
    results = GoodSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class RedeemSerializer(serializers.Serializer[Any]):
    quantity = StrictIntegerField(min_value=1, max_value=MOST_AT_ONCE, required=False, default=1)


class RedemptionSerializer(serializers.Serializer[Any]):
    redemption_no = serializers.CharField()
    good_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    points = serializers.IntegerField()
    at = serializers.DateTimeField()
