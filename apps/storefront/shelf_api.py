"""Shopper's doors to goods: they stand in the storefront, since a list of goods says what stock and offers say too."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, cast

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.base.throttles import PerAddress, PerMember, Searches
from apps.catalog import search
from apps.catalog import selectors as catalog_facts
from apps.checkout import hints
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.storefront import kept_api, prepared_pages
from apps.storefront import shelf_serializers as shapes
from apps.storefront.prepared_pages import Listed
from mall.errors import Invalid

# What a bigint holds without thinking.
_ID = re.compile(r"[0-9]{1,18}")


class CategoryInvalid(Invalid):
    """``category`` is not the id of a category."""

    code = "category_invalid"
    message = "类目编号应为整数"


class PriceInvalid(Invalid):
    """``price_from_fen`` is no amount in fen."""

    code = "price_invalid"
    message = "价格应为整数（分）"


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
                enum=["", *catalog_facts.ORDERINGS],
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
            400: refusal(
                400, "ordering_unknown", "不支持的排序方式", {"known": list(catalog_facts.ORDERINGS)}
            ),
            404: refusal(404, "not_found", "类目不存在"),
        },
        examples=[shapes.SHELF_EXAMPLE],
    )
    def get(self, request: Request) -> HttpResponse:
        at = timezone.now()
        asked = request.query_params
        category_id = _category_id(asked.get("category"))
        lead = _lead(request)

        def read() -> Listed:
            shelf = catalog_facts.shelf(
                at=at,
                category_id=category_id,
                query=asked.get("q", ""),
                ordering=asked.get("ordering"),
                scope=hints.read_scope(asked.get("scope", "")),
                price_from_fen=_price_from_fen(asked.get("price_from_fen")),
                early=lead,
            )
            found, following = paging.rows_of(
                request, shelf.products, ordering=shelf.ordering, first=shelf.first
            )
            if category_id is not None and not found:
                # Only an empty page leaves the question whether there is such a category.
                catalog_facts.require_category(category_id)
            return Listed(found, following, shelf.matched)

        return _json(
            prepared_pages.list_json(
                asked=kept_api.asked_of(request._request),
                read=read,
                at=at,
                lead=lead,
                look=kept_api.looked(request),
            )
        )


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
        at = timezone.now()
        lead = _lead(request)
        look = kept_api.looked(request)
        return _json(prepared_pages.product_json(product_id=product_id, at=at, lead=lead, look=look))


def _json(body: bytes) -> HttpResponse:
    """An answer whose JSON is ready."""
    return HttpResponse(body, content_type="application/json")


def _lead(request: Request) -> timedelta:
    """How early whoever looks is let in: a member with such a level, or anybody else not at all."""
    return member_facts.lead_of(cast(Member | None, request.user))


def _price_from_fen(given: Any) -> int:
    if not given:
        return 0
    if not _ID.fullmatch(given):
        raise PriceInvalid
    return int(given)


def _category_id(given: Any) -> int | None:
    if not given:
        return None
    if not _ID.fullmatch(given):
        raise CategoryInvalid
    return int(given)
