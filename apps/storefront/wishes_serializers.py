"""The shapes of favourites and of what is waited for, with true examples."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.base.inputs import row_id
from apps.checkout.examples import PICTURE
from apps.pictures import stored
from apps.storefront.awaiting import Awaited
from apps.storefront.shelf_serializers import SHELF_EXAMPLE, ShelfItemSerializer


class FavoritePutSerializer(serializers.Serializer[Any]):
    """The product that is liked."""

    product_id = row_id()


class FavoritePlaceSerializer(serializers.Serializer[Any]):
    """A favourite, as it was put there."""

    product_id = serializers.IntegerField()
    price_then_fen = serializers.IntegerField(
        source="price_fen", help_text="Its lowest price when it was put there."
    )
    added_at = serializers.DateTimeField()


class FavoriteSerializer(ShelfItemSerializer):
    """A favourite as lists show goods."""

    on_sale = serializers.BooleanField(help_text="False: it cannot be bought now; shown greyed.")
    price_then_fen = serializers.IntegerField(help_text="Its lowest price when it was put there.")
    fallen_fen = serializers.IntegerField(help_text="How much less it costs now than then; 0 if it does not.")
    added_at = serializers.DateTimeField()


class FavoritePageSerializer(serializers.Serializer[Any]):
    """A page of favourites, the newest first."""

    results = FavoriteSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class StockWishPutSerializer(serializers.Serializer[Any]):
    """The SKU that is waited for."""

    sku_id = row_id()


class StockWishPlaceSerializer(serializers.Serializer[Any]):
    """What is waited for since when."""

    sku_id = serializers.IntegerField()
    asked_at = serializers.DateTimeField()


class StockWishSerializer(serializers.Serializer[Any]):
    """A SKU that the member waits for, or was told of."""

    sku_id = serializers.IntegerField(source="wish.sku_id")
    product_id = serializers.IntegerField(source="wish.sku.product_id")
    title = serializers.CharField(source="wish.sku.product.title")
    option_text = serializers.CharField()
    image_url = serializers.SerializerMethodField()
    price_fen = serializers.IntegerField(source="wish.sku.price_fen")
    available = serializers.IntegerField()
    asked_at = serializers.DateTimeField(source="wish.asked_at")
    told_at = serializers.DateTimeField(
        source="wish.told_at", allow_null=True, help_text="When the member was told; null while they wait."
    )

    def get_image_url(self, row: Awaited) -> str | None:
        return stored.address(row.image, stored.Size.LIST)


class StockWishPageSerializer(serializers.Serializer[Any]):
    """A page of what is waited for, the newest first."""

    results = StockWishSerializer(many=True)
    next = serializers.URLField(allow_null=True)


_THEN: Final = {"price_then_fen": 18_800, "added_at": "2026-11-20T09:00:00+08:00"}
FAVORITES: Final = OpenApiExample(
    "page",
    value={
        "results": [{**SHELF_EXAMPLE.value["results"][0], "on_sale": True, "fallen_fen": 2_000, **_THEN}],
        "next": None,
    },
    response_only=True,
)
FAVORITE: Final = OpenApiExample("put", value={"product_id": 12, **_THEN}, response_only=True)
WISH: Final = OpenApiExample(
    "waiting", value={"sku_id": 31, "asked_at": "2026-11-20T09:00:00+08:00"}, response_only=True
)
WISHES: Final = OpenApiExample(
    "page",
    value={
        "results": [
            {
                "sku_id": 31,
                "product_id": 12,
                "title": "手工陶瓷茶杯套装",
                "option_text": "月白",
                "image_url": PICTURE,
                "price_fen": 16_800,
                "available": 0,
                "asked_at": "2026-11-20T09:00:00+08:00",
                "told_at": None,
            }
        ],
        "next": None,
    },
    response_only=True,
)
