"""What shoppers may say to the counter, strictly: a choice, and an order of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import MAX_BIGINT, StrictBooleanField, StrictIntegerField, StrictTextField, row_id
from apps.carts.services import MAX_LINES, MAX_QUANTITY
from apps.checkout import activities
from apps.checkout.delivering import Asked
from apps.checkout.packing import Wanted
from apps.checkout.quoting import Choice
from apps.fulfillment.models import LONGEST_CARD
from apps.orders.states import DeliveryKind
from apps.pickup.slots import LONGEST_ID

_LONGEST_REMARK = 200


def quantity(**kwargs: Any) -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=MAX_QUANTITY, **kwargs)


def _so_many(said: Any, refusal: str) -> bool | int:
    """So many, or True for as many as possible; nothing said is False. Raises ValidationError."""
    if said is None:
        return False
    if isinstance(said, bool) or (isinstance(said, int) and 0 <= said <= MAX_BIGINT):
        return said
    raise serializers.ValidationError(refusal)


def _asked(said: Mapping[str, Any] | None) -> Asked | None:
    """The way that was asked for; None for a parcel, whether or not it was said."""
    if said is None or said["kind"] == DeliveryKind.EXPRESS:
        return None
    return Asked(kind=said["kind"], place_id=said.get("place_id"))


def _wrapped(said: Mapping[str, Any] | None) -> Wanted | None:
    """The packing that was asked for; None without one."""
    packing = said.get("packing") if said else None
    return Wanted(option_id=packing["id"], message=packing.get("message") or "") if packing else None


class WantedSerializer(serializers.Serializer[Any]):
    """So many of a SKU."""

    sku_id = row_id()
    quantity = quantity()


@extend_schema_field(
    {
        "oneOf": [{"type": "integer", "minimum": 0, "maximum": MAX_BIGINT}, {"type": "boolean"}],
        "nullable": True,
    }
)
class SoManyField(serializers.JSONField):
    """A number, or true for as many as possible."""


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "required": ["kind", "id"],
                "properties": {"kind": {"type": "string", "enum": [kind.kind]}, **kind.described},
                "additionalProperties": True,
            }
            for kind in activities.KINDS
        ],
        "nullable": True,
    }
)
class ActivityChoiceField(serializers.DictField):
    """An activity as a choice names it: its kind, its id, and what the kind asks for besides."""


class PackingChoiceSerializer(serializers.Serializer[Any]):
    """What the order is wrapped in, of `GET /packings`."""

    id = row_id()
    message = StrictTextField(
        multiline=True,
        max_length=LONGEST_CARD,
        allow_blank=True,
        allow_null=True,
        required=False,
        help_text="What is written on its card, at most `message_most` characters.",
    )


class DeliveryChoiceSerializer(serializers.Serializer[Any]):
    """How goods are to come: ``PICKUP`` names its shop and needs no address, ``CITY`` may leave the shop to us."""

    kind = serializers.ChoiceField(choices=DeliveryKind.values)
    place_id = row_id(
        required=False, allow_null=True, help_text="A shop of `GET /places`; none for `EXPRESS`."
    )
    slot = StrictTextField(
        required=False,
        allow_null=True,
        max_length=LONGEST_ID,
        help_text="A slot's id of `GET /places/{id}/slots`; none for `EXPRESS`. It names its shop.",
    )
    packing = PackingChoiceSerializer(
        required=False, allow_null=True, help_text="Paid packing, a line of the order; for every kind."
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if said["kind"] == DeliveryKind.PICKUP and said.get("place_id") is None:
            raise serializers.ValidationError({"place_id": ["请选择自提门店"]})
        if said["kind"] == DeliveryKind.EXPRESS and said.get("place_id") is not None:
            raise serializers.ValidationError({"place_id": ["快递配送不需要选择门店"]})
        if said["kind"] == DeliveryKind.EXPRESS and said.get("slot") is not None:
            raise serializers.ValidationError({"slot": ["快递配送不能选择时段"]})
        return said


class ChoiceSerializer(serializers.Serializer[Any]):
    """What to buy: ``items`` or ``from_cart``. Prices are the shop's: any that are sent are not read."""

    items = serializers.ListField(
        child=WantedSerializer(), required=False, allow_empty=False, max_length=MAX_LINES
    )
    from_cart = StrictBooleanField(required=False, default=False)
    address_id = row_id(required=False, allow_null=True)
    coupon_id = StrictTextField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=36,
        help_text="Id of one of the member's coupons. Left out: the best one. Empty or `none`: no coupon.",
    )
    use_points = SoManyField(
        required=False, allow_null=True, help_text="How many points, or true for as many as possible."
    )
    use_balance = SoManyField(
        required=False,
        allow_null=True,
        help_text="How many fen of stored value, or true for as many as possible.",
    )
    activity = ActivityChoiceField(
        required=False,
        allow_null=True,
        help_text='`{"kind", "id", …}`: what the order is of, as a badge of the product or the activity names it.',
    )

    confirms_no_return = StrictBooleanField(
        required=False,
        default=False,
        help_text="The shopper has read and confirms that goods whose `returns.needs_confirmation` is true do not go back "
        "without a reason. Left out, such goods may go back within seven days like any other.",
    )

    delivery = DeliveryChoiceSerializer(
        required=False,
        allow_null=True,
        help_text="How it is to come; left out, by parcel (`EXPRESS`).",
    )

    def validate_use_points(self, said: Any) -> bool | int:
        return _so_many(said, "请填写使用的积分数量")

    def validate_use_balance(self, said: Any) -> bool | int:
        return _so_many(said, "请填写使用的储值金额（分）")

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if said["from_cart"] == ("items" in said):
            raise serializers.ValidationError({"items": ["请提供 items，或将 from_cart 设为 true"]})
        return said

    def choice(self) -> Choice:
        """What was said, as checkout takes it.

        Raises ActivityInvalid, ActivityNotFound for an activity that no shelf could have.
        """
        said = self.validated_data
        items, activity = said.get("items"), said.get("activity")
        delivery = said.get("delivery")
        return Choice(
            items=None if items is None else tuple((item["sku_id"], item["quantity"]) for item in items),
            address_id=said.get("address_id"),
            coupon_id=said.get("coupon_id"),
            use_points=said.get("use_points", False),
            use_balance=said.get("use_balance", False),
            activity=None if activity is None else activities.read(activity),
            confirms_no_return=said["confirms_no_return"],
            delivery=_asked(delivery),
            slot=delivery.get("slot") if delivery else None,
            packing=_wrapped(delivery),
        )


class PlaceSerializer(ChoiceSerializer):
    """An order: the choice, what the shopper was told it costs, and a word to the shop."""

    expected_payable_fen = StrictIntegerField(min_value=0, max_value=MAX_BIGINT)
    # Kept as typed, line breaks and emoji included.
    remark = StrictTextField(
        multiline=True,
        max_length=_LONGEST_REMARK,
        trim_whitespace=False,
        allow_blank=True,
        required=False,
        default="",
    )
