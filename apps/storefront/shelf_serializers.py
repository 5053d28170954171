"""How goods look to shoppers: the schema of a row of a list and of a product's page, with true examples."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from apps.base.schema import ServerTimeField
from apps.catalog.serializers import FreightInsuranceSerializer, ReturnsSerializer
from apps.catalog.shelves import Matched


class ActivitySerializer(serializers.Serializer[Any]):
    """An offer with its hours, for a countdown."""

    ref = serializers.CharField()
    label = serializers.CharField(help_text="What the offer gives, such as 满100减15.")  # type: ignore[assignment]
    kind = serializers.CharField(help_text="STEPPED, PERCENT, FIXED, GIFT, BUNDLE, …")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="On member days the end of that day.")
    preheat = serializers.BooleanField(help_text="True: shown ahead of its start, no price changes yet.")


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["kind", "id", "label", "price_fen", "starts_at", "ends_at"],
                    "properties": {
                        "kind": {"type": "string"},
                        "id": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
                        "label": {"type": "string"},
                        "price_fen": {"type": "integer"},
                        "starts_at": {"type": "string", "format": "date-time"},
                        "ends_at": {"type": "string", "format": "date-time"},
                    },
                },
            ]
        },
    }
)
class BadgesField(serializers.ListField):
    """Texts, and objects of activities: ``kind`` and ``id`` are what an order names, ``price_fen`` is the lowest."""


class ShelfItemSerializer(serializers.Serializer[Any]):
    """A product in a list."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    subtitle = serializers.CharField()
    cover_url = serializers.URLField(help_text="Small: 480 pixels at most.")
    price_fen = serializers.IntegerField(help_text="The lowest price of its SKUs.")
    market_price_fen = serializers.IntegerField(allow_null=True, help_text="The price crossed out, if any.")
    sold_count = serializers.IntegerField()
    in_stock = serializers.BooleanField()
    low_stock = serializers.IntegerField(
        allow_null=True, help_text="Units left over all SKUs once they are few, for 仅剩 3 件; else null."
    )
    badges = BadgesField(
        help_text="新品, 热卖, offers such as 满100减15; an object for an activity that it can be ordered in."
    )
    activities = ActivitySerializer(many=True, help_text="The offers that cover it, with their hours.")


class ShelfPageSerializer(serializers.Serializer[Any]):
    """A page of goods."""

    results = ShelfItemSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    matched = serializers.ChoiceField(
        choices=[str(each) for each in Matched],
        help_text="`all`: what was searched for is in each of them (and without a search). `most`: nothing has all of it, "
        "and these have most, the nearest first: say so above the list, such as 没有找到完全匹配的商品，为您推荐.",
    )


class NamedValueSerializer(serializers.Serializer[Any]):
    """A parameter of a product."""

    name = serializers.CharField()
    value = serializers.CharField()


class OptionSerializer(serializers.Serializer[Any]):
    """What can be chosen."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())


class GuaranteeSerializer(serializers.Serializer[Any]):
    """A promise of the shop."""

    name = serializers.CharField()
    explanation = serializers.CharField()


class SkuSerializer(serializers.Serializer[Any]):
    """One combination of the options."""

    id = serializers.IntegerField()
    option_values = serializers.DictField(child=serializers.CharField())
    price_fen = serializers.IntegerField()
    market_price_fen = serializers.IntegerField(allow_null=True)
    available = serializers.IntegerField(help_text="Units that can be ordered now.")
    virtual = serializers.BooleanField(help_text="Delivered as card keys: see the order's `cards`.")
    image_url = serializers.URLField(help_text="Its own picture, else the product's cover.")


class CategoryNameSerializer(serializers.Serializer[Any]):
    """Where it belongs."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ProductSerializer(ShelfItemSerializer):
    """A product's page."""

    server_time = ServerTimeField()
    category = CategoryNameSerializer()
    brand = serializers.CharField(allow_null=True)
    images = serializers.ListField(
        child=serializers.URLField(), help_text="The cover first, 1080 pixels at most."
    )
    images_full = serializers.ListField(
        child=serializers.URLField(),
        help_text="The same to look at closely (wx.previewImage), 2048 pixels at most.",
    )
    video_url = serializers.URLField(allow_null=True)
    detail_html = serializers.CharField(help_text="Sanitised.")
    attributes = NamedValueSerializer(many=True)
    options = OptionSerializer(many=True)
    skus = SkuSerializer(many=True)
    returns = ReturnsSerializer()
    freight_insurance = FreightInsuranceSerializer()
    guarantees = GuaranteeSerializer(many=True)
    min_quantity = serializers.IntegerField()
    max_quantity = serializers.IntegerField(allow_null=True, help_text="Per order.")
    quantity_step = serializers.IntegerField()


_CUP: dict[str, Any] = {
    "id": 12,
    "title": "手工陶瓷茶杯套装",
    "subtitle": "一壶四杯，送礼自用皆宜",
    "cover_url": "https://shop.example.com/media/demo/products/cup-set.png",
    "price_fen": 16800,
    "market_price_fen": 19800,
    "sold_count": 326,
    "in_stock": True,
    "low_stock": None,
    "badges": ["热卖", "满100减15"],
    "activities": [
        {
            "ref": "promotion:7",
            "label": "满100减15",
            "kind": "STEPPED",
            "starts_at": "2026-11-23T00:00:00+08:00",
            "ends_at": "2026-11-30T00:00:00+08:00",
            "preheat": False,
        }
    ],
}
SHELF_EXAMPLE = OpenApiExample(
    "page", value={"results": [_CUP], "next": None, "matched": "all"}, response_only=True
)
PRODUCT_EXAMPLE = OpenApiExample(
    "product",
    value={
        **_CUP,
        "server_time": "2026-11-23T20:00:00+08:00",
        "category": {"id": 4, "name": "茶杯"},
        "brand": "青禾",
        "images": ["https://shop.example.com/media/demo/products/cup-set.png"],
        "images_full": ["https://shop.example.com/media/demo/products/cup-set.png"],
        "video_url": None,
        "detail_html": "<p>每一只都由匠人手工拉坯。</p>",
        "attributes": [{"name": "材质", "value": "陶瓷"}],
        "options": [{"name": "颜色", "values": ["月白", "天青"]}],
        "skus": [
            {
                "id": 31,
                "option_values": {"颜色": "月白"},
                "price_fen": 16800,
                "market_price_fen": 19800,
                "available": 57,
                "virtual": False,
                "image_url": "https://shop.example.com/media/demo/products/cup-set.png",
            }
        ],
        "freight_insurance": {"paid_by": "MERCHANT", "text": "商家赠送退货运费险"},
        "returns": {
            "code": "SEVEN_DAYS",
            "days": 7,
            "text": "支持七天无理由退货",
            "needs_confirmation": False,
        },
        "guarantees": [{"name": "7天无理由退换", "explanation": "签收后 7 天内，不影响再次销售可退换。"}],
        "min_quantity": 1,
        "max_quantity": None,
        "quantity_step": 1,
    },
    response_only=True,
)
