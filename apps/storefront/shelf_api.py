"""Shopper's doors to goods: they stand in the storefront, since a list of goods says what stock and offers say too."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.base.schema import PAGING, refusal
from apps.base.throttles import PerAddress, PerMember, Searches
from apps.catalog import search, shelves
from apps.checkout import hints
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.storefront import kept_api, lists, prepared_pages
from apps.storefront import shelf_serializers as shapes


class ProductsView(APIView):
    """The shelf: everything on sale, by category, by search, in an order."""

    permission_classes = [AllowAny]

    def get_throttles(self) -> list[BaseThrottle]:
        return [PerMember(), PerAddress(), Searches()]

    @extend_schema(
        operation_id="products_list",
        tags=["products"],
        summary="Goods on sale",
        parameters=[
            OpenApiParameter(
                "category",
                {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
                description="Id of a category; its descendants' goods are included.",
            ),
            OpenApiParameter(
                "q",
                OpenApiTypes.STR,
                description=f"Search in Chinese, pinyin or initials, at most {search.MAX_QUERY} characters; "
                "simplified and traditional characters find each other. All words must be found; where nothing has "
                "them all, the goods are answered that have most of them, and `matched` says so. Blank is no search.",
            ),
            OpenApiParameter(
                "ordering",
                OpenApiTypes.STR,
                enum=["", *shelves.ORDERINGS],
                description="`default`: the best match first when searching, else what sells most; `sales`; "
                "`newest`; `price` from low to high; `-price` from high to low. The fields' names do too.",
            ),
            OpenApiParameter(
                "scope",
                OpenApiTypes.STR,
                description="The goods that an offer means, as `products_url` of a quote's hint says it: "
                f"`PRODUCTS`, `SKUS`, `CATEGORIES` or `BRANDS`, a colon and up to {hints.MOST_IDS} ids.",
            ),
            OpenApiParameter(
                "price_from_fen",
                {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
                description="Only goods that cost as much or more.",
            ),
            *PAGING,
        ],
        responses={
            200: shapes.ShelfPageSerializer,
            400: refusal(400, "ordering_unknown", "不支持的排序方式", {"known": list(shelves.ORDERINGS)}),
            404: refusal(404, "not_found", "类目不存在"),
        },
        examples=[shapes.SHELF_EXAMPLE],
    )
    def get(self, request: Request) -> HttpResponse:
        body = lists.list_json(kept_api.asked_of(request._request), at=timezone.now(), lead=_lead(request))
        return HttpResponse(body, content_type="application/json")


class ProductView(APIView):
    """One product's page."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="products_detail",
        tags=["products"],
        summary="One product with its SKUs and what is in stock",
        description="A product that is off sale, not yet or no longer on sale answers 404. Members whose level "
        "has early access see it that many minutes before its sale starts, here, in lists and at the counter.",
        responses={200: shapes.ProductSerializer, 404: refusal(404, "not_found", "商品不存在或已下架")},
        examples=[shapes.PRODUCT_EXAMPLE],
    )
    def get(self, request: Request, product_id: int) -> HttpResponse:
        body = prepared_pages.product_json(product_id=product_id, at=timezone.now(), lead=_lead(request))
        return HttpResponse(body, content_type="application/json")


def _lead(request: Request) -> timedelta:
    """How early whoever looks is let in: a member with such a level, or anybody else not at all."""
    return member_facts.lead_of(cast(Member | None, request.user))
