"""The shapes of places, of how an order comes, and of a pickup's picture, as shoppers are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from apps.orders.models import Order
from apps.orders.states import DeliveryKind
from apps.pickup import selectors as pickup_facts
from apps.pickup.states import SlotKind, SlotState


class DeliveryPlaceSerializer(serializers.Serializer[Any]):
    """The shop as it was when the order was placed."""

    name = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()


class AgreedSlotSerializer(serializers.Serializer[Any]):
    """The time in which an order is brought or fetched: ``[from, until)`` of a Shanghai day."""

    id = serializers.CharField(help_text="What the list of its shop calls it.")
    day = serializers.DateField(help_text="A Shanghai day.")
    until = serializers.CharField(help_text="Like 11:00.")
    starts_at = serializers.DateTimeField(help_text="When it begins.")
    ends_at = serializers.DateTimeField(help_text="By then it is promised: `ship_by` of a paid order.")
    order_by = serializers.DateTimeField(help_text="From then on it is not taken any more.")

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of Python's own.
        fields = super().get_fields()
        said = {"from": serializers.CharField(help_text="Like 09:00, in Shanghai.")}
        return {"id": fields.pop("id"), "day": fields.pop("day"), **said, **fields}


class SlotSerializer(AgreedSlotSerializer):
    """A slot with how it stands."""

    kind = serializers.ChoiceField(
        choices=SlotKind.choices, help_text="Brought by the shop's riders, or fetched there."
    )
    left = serializers.IntegerField(help_text="So many orders may still have it.")
    state = serializers.ChoiceField(
        choices=SlotState.choices, help_text="Whether an order takes it: only while `OPEN`."
    )
    state_text = serializers.CharField(help_text="The same in Chinese.")


class SlotPageSerializer(serializers.Serializer[Any]):
    """The slots of today and the six days after it, in the order of time."""

    results = SlotSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class PackingSerializer(serializers.Serializer[Any]):
    """What the order is wrapped in; what it costs is a line of its own."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    message = serializers.CharField(help_text="What stands on its card; empty for none.")


class DeliverySerializer(serializers.Serializer[Any]):
    """How the goods come to their buyer."""

    kind = serializers.ChoiceField(
        choices=DeliveryKind.choices,
        help_text="`EXPRESS`: by parcel; `PICKUP`: fetched in a shop; `CITY`: by that shop's own riders.",
    )
    place_id = serializers.IntegerField(
        allow_null=True, help_text="The shop that it is fetched or sent from."
    )
    place = DeliveryPlaceSerializer(allow_null=True)
    distance_m = serializers.IntegerField(
        allow_null=True, help_text="From the shop to the address, in metres; null unless `CITY`."
    )
    slot = AgreedSlotSerializer(allow_null=True, help_text="The time that was agreed on.")
    packing = PackingSerializer(allow_null=True, help_text="What it is wrapped in, for money.")


class QuotedDeliverySerializer(DeliverySerializer):
    """How the goods would come to their buyer."""

    slot = SlotSerializer(
        allow_null=True,
        help_text="What was chosen and whether it is still open; an order of another is refused.",
    )


class FetchedSerializer(serializers.Serializer[Any]):
    """What an order says of being fetched."""

    pickup_code = serializers.SerializerMethodField(
        help_text="Eight digits by which a PICKUP order is fetched, good once; null until it is paid and once it is over."
    )
    fetch_by = serializers.SerializerMethodField(
        help_text="Until when a PICKUP order that lies ready is to be fetched; it is refunded then. Else null."
    )

    def get_pickup_code(self, order: Order) -> str | None:
        return pickup_facts.of_order(order).code

    def get_fetch_by(self, order: Order) -> datetime | None:
        return pickup_facts.of_order(order).fetch_by


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
