"""Shopper's doors to favourites and to 到货提醒: they stand in the storefront, since they show stock and offers too."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.carts import selectors as cart_facts
from apps.carts.services import favorites, stock_wishes
from apps.members.auth import caller
from apps.storefront import awaiting, liking
from apps.storefront import wishes_serializers as shapes
from mall.errors import Invalid

_ID: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_ANY_ID: Final = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}


class FavoritesView(APIView):
    """What the member likes."""

    @extend_schema(
        operation_id="me_favorites_list",
        tags=["favorites"],
        summary="My favourites, the newest first",
        description="Rows of the shelf. What is off sale stays, with `on_sale` false.",
        parameters=[
            OpenApiParameter(
                "product_id",
                {"oneOf": [_ANY_ID, {"type": "string", "enum": [""]}]},
                description="Only this product: a page of one says that it is liked. Empty: as if left out.",
            ),
            *PAGING,
        ],
        responses=shapes.FavoritePageSerializer,
        examples=[shapes.FAVORITES],
    )
    def get(self, request: Request) -> HttpResponse:
        member = caller(request)
        only = request.query_params.get("product_id")
        mine = cart_facts.favorites_of(member=member, product_id=_id(only, "product_id") if only else None)
        rows, following = paging.rows_of(request, mine, ordering=["-added_at", "-id"])
        body = liking.page_json(rows, following, member=member, at=timezone.now())
        return HttpResponse(body, content_type="application/json")

    @extend_schema(
        operation_id="me_favorites_put",
        tags=["favorites"],
        summary="Like a product",
        description="May be repeated: the price and the time of the first stay. Whoever likes a product is told when it "
        "costs less (scene `price_drop`), unless they want no marketing.",
        request=shapes.FavoritePutSerializer,
        responses={
            200: shapes.FavoritePlaceSerializer,
            404: refusal(404, "not_found", "商品不存在或已下架"),
            409: refusal(409, "favorites_full", favorites.FavoritesFull.message, {"most": favorites.MOST}),
        },
        examples=[OpenApiExample("cup", value={"product_id": 12}, request_only=True), shapes.FAVORITE],
    )
    def put(self, request: Request) -> Response:
        asked = shapes.FavoritePutSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = liking.put(
            member=caller(request), product_id=asked.validated_data["product_id"], at=timezone.now()
        )
        return Response(shapes.FavoritePlaceSerializer(row).data)

    @extend_schema(
        operation_id="me_favorites_delete",
        tags=["favorites"],
        summary="Like a product no more",
        description="May be repeated.",
        parameters=[OpenApiParameter("product_id", _ANY_ID, required=True, description="Which one.")],
        responses={204: OpenApiResponse(description="Gone.")},
    )
    def delete(self, request: Request) -> Response:
        product_id = _id(request.query_params.get("product_id"), "product_id")
        favorites.take_out(member=caller(request), product_id=product_id)
        return Response(status=204)


class StockWishesView(APIView):
    """What the member waits for."""

    @extend_schema(
        operation_id="me_stock_wishes_list",
        tags=["favorites"],
        summary="What I wait for, the newest first",
        description="A SKU that the member was told of stays for 30 days, with `told_at`.",
        parameters=PAGING,
        responses=shapes.StockWishPageSerializer,
        examples=[shapes.WISHES],
    )
    def get(self, request: Request) -> Response:
        mine = cart_facts.stock_wishes_of(member=caller(request))
        rows, following = paging.rows_of(request, mine, ordering=["-asked_at", "-id"])
        shown = {"results": awaiting.shown(rows, at=timezone.now()), "next": following}
        return Response(shapes.StockWishPageSerializer(shown).data)

    @extend_schema(
        operation_id="me_stock_wishes_put",
        tags=["favorites"],
        summary="Tell me when a sold-out SKU is back",
        description="May be repeated. The member is told once (scene `back_in_stock`), the longest waiting first and a few "
        "for each unit; after that they may ask again. 409 may also be not_on_sale or stock_wishes_full.",
        request=shapes.StockWishPutSerializer,
        responses={
            200: shapes.StockWishPlaceSerializer,
            409: refusal(409, "sku_in_stock", awaiting.InStock.message, {"available": 3}),
        },
        examples=[OpenApiExample("cup", value={"sku_id": 31}, request_only=True), shapes.WISH],
    )
    def put(self, request: Request) -> Response:
        asked = shapes.StockWishPutSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = awaiting.ask(member=caller(request), sku_id=asked.validated_data["sku_id"], at=timezone.now())
        return Response(shapes.StockWishPlaceSerializer(wish).data)

    @extend_schema(
        operation_id="me_stock_wishes_delete",
        tags=["favorites"],
        summary="Do not tell me",
        description="May be repeated.",
        parameters=[OpenApiParameter("sku_id", _ANY_ID, required=True, description="Which one.")],
        responses={204: OpenApiResponse(description="Gone.")},
    )
    def delete(self, request: Request) -> Response:
        sku_id = _id(request.query_params.get("sku_id"), "sku_id")
        stock_wishes.take_back(member=caller(request), sku_id=sku_id)
        return Response(status=204)


def _id(said: str | None, name: str) -> int:
    """The id in a question. Raises Invalid, naming the field, where there is none."""
    if not said or not _ID.fullmatch(said):
        raise Invalid("编号应为整数", details={name: ["编号应为整数"]})
    return int(said)
