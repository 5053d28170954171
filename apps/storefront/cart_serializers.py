"""The shapes of the cart: what shoppers may put into it, strictly, and how it is shown."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import StrictBooleanField, row_id
from apps.checkout.choice_serializers import quantity
from apps.checkout.serializers import QuoteSerializer
from apps.pictures import stored
from apps.storefront import answers
from apps.storefront.cart import Cart, CartLine


class CartPutSerializer(serializers.Serializer[Any]):
    """Something for the cart."""

    sku_id = row_id()
    quantity = quantity(required=False, default=1)
    selected = StrictBooleanField(required=False, default=True)


class CartChangeSerializer(serializers.Serializer[Any]):
    """A change of a cart line; what is left out stays."""

    quantity = quantity(required=False)
    selected = StrictBooleanField(required=False)


class CartLineSerializer(serializers.Serializer[Any]):
    """A line of the cart, at today's price for this member."""

    id = serializers.IntegerField(source="item.pk")
    sku_id = serializers.IntegerField(source="article.sku_id")
    product_id = serializers.IntegerField(source="article.product_id")
    quantity = serializers.IntegerField(source="item.quantity")
    selected = serializers.BooleanField(source="item.selected")
    title = serializers.CharField(source="article.title")
    image_url = serializers.SerializerMethodField()
    option_text = serializers.CharField(source="article.option_text")
    unit_price_fen = serializers.IntegerField()
    available = serializers.IntegerField()
    valid = serializers.BooleanField()
    notice = serializers.CharField(help_text="Why the line cannot be ordered as it stands; empty if it can.")

    def get_image_url(self, line: CartLine) -> str | None:
        return stored.address(line.article.image, stored.Size.LIST)


class LeftOutSerializer(serializers.Serializer[Any]):
    """Goods of a past order that are not put into the cart, and why, in Chinese for the shopper."""

    sku_id = serializers.IntegerField()
    reason = serializers.CharField()


class AgainSerializer(serializers.Serializer[Any]):
    """What of a past order is in the cart now, and what is not."""

    added = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of SKUs.")
    left_out = LeftOutSerializer(many=True)


class CartSerializer(serializers.Serializer[Any]):
    """The cart. ``quote`` prices the ticked lines that can be ordered; null without any."""

    items = CartLineSerializer(many=True, source="lines")
    selected_count = serializers.IntegerField(help_text="Ticked pieces.")
    quote = serializers.SerializerMethodField()

    @extend_schema_field(QuoteSerializer(allow_null=True))
    def get_quote(self, cart: Cart) -> dict[str, Any] | None:
        return answers.quote(cart)
