"""The shapes of places and of a pickup's picture, as shoppers are answered and may ask."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class OpeningHoursSerializer(serializers.Serializer[Any]):
    """A time at which a shop is open, ``[from, until)`` of each of these days."""

    days = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7), help_text="1 is Monday, 7 Sunday."
    )
    until = serializers.CharField(help_text="Like 21:00, at most 24:00.")

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of Python's own.
        fields = super().get_fields()
        return {
            "days": fields["days"],
            "from": serializers.CharField(help_text="Like 09:00, in Shanghai."),
            "until": fields["until"],
        }


class PickupPlaceSerializer(serializers.Serializer[Any]):
    """A shop in which orders are fetched."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()
    hours = OpeningHoursSerializer(many=True, help_text="Empty where nobody said.")
    open_now = serializers.BooleanField(
        help_text="Whether it is open at this moment; false also without hours."
    )
    distance_m = serializers.IntegerField(
        allow_null=True, help_text="In metres; null without `lat` and `lng`."
    )
    available = serializers.IntegerField(
        allow_null=True, help_text="Units of the SKU that lie there and are free; null without `sku_id`."
    )
    lat = serializers.FloatField(help_text="GCJ-02, as WeChat's map wants it.")
    lng = serializers.FloatField(help_text="GCJ-02.")
    delivers = serializers.BooleanField(help_text="Whether it has riders of its own (`CITY`).")


class PickupPlacePageSerializer(serializers.Serializer[Any]):
    """The shops, nearest first; at most a hundred, all on one page."""

    results = PickupPlaceSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class PickupCodeSerializer(serializers.Serializer[Any]):
    """How an order is fetched: digits to read out, and a picture for the counter's scanner or phone."""

    pickup_code = serializers.CharField(help_text="Eight digits, good once, until the order is fetched.")
    text = serializers.CharField(help_text="What the picture says: an address of the counter's page.")
    image = serializers.CharField(help_text="The picture, a PNG as `data:` URL.")
    expires_at = serializers.DateTimeField(help_text="When the picture is good no more: ask again before.")
