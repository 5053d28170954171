"""Shopper's doors of pre-sales: what can be ordered before it is here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.inputs import MAX_BIGINT
from apps.base.schema import PAGING, refusal
from apps.campaigns import asked
from apps.campaigns.refusals import ActivityNotFound
from apps.pictures import stored
from apps.presale import examples
from apps.presale import selectors as presale_facts
from apps.presale import serializers as shapes
from apps.presale.models import Presale
from mall.errors import NotFound


class PresalesView(APIView):
    """What is on offer."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="presales_list",
        tags=["activities"],
        summary="Pre-sales that run or are announced",
        parameters=[asked.PRODUCT, *PAGING],
        responses={
            200: shapes.PresalePageSerializer,
            400: refusal(400, "invalid", "商品编号应为整数", {"product": ["商品编号应为整数"]}),
        },
        examples=[examples.PAGE],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        product_id = asked.product_id(request.query_params.get("product"))
        offered = presale_facts.on_offer(at=at, product_id=product_id)
        rows, following = paging.rows_of(request, offered, ordering=["starts_at", "id"])
        left = presale_facts.left_of(rows)
        answer = {"results": [_presale(row, left=left, at=at) for row in rows], "next": following}
        return Response(shapes.PresalePageSerializer(answer).data)


class PresaleView(APIView):
    """One pre-sale."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="presales_read",
        tags=["activities"],
        summary="A pre-sale",
        responses=shapes.OnePresaleSerializer,
        examples=[examples.ONE],
    )
    def get(self, request: Request, presale_id: int) -> Response:
        at = timezone.now()
        if presale_id > MAX_BIGINT:
            raise ActivityNotFound
        try:
            row = presale_facts.told(presale_id=presale_id, at=at)
        except NotFound:
            raise ActivityNotFound from None
        shown = _presale(row, left=presale_facts.left_of([row]), at=at)
        return Response(shapes.OnePresaleSerializer(shown).data)


def _presale(row: Presale, *, left: dict[str, int], at: datetime) -> dict[str, Any]:
    goods = list(row.goods.all())
    product = goods[0].sku.product
    return {
        "id": row.pk,
        "title": row.title,
        "product_id": product.pk,
        "cover_url": stored.address(product.cover, stored.Size.LIST),
        "skus": [
            {
                "sku_id": good.sku_id,
                "list_price_fen": good.sku.price_fen,
                "price_fen": good.price_fen,
                "left": left.get(good.key, 0),
            }
            for good in goods
        ],
        "deposit_fen": row.deposit_fen,
        "deposit_worth_fen": row.deposit_worth_fen,
        "deposit_from": row.starts_at,
        "deposit_until": row.ends_at,
        "balance_from": row.balance_from,
        "balance_until": row.balance_until,
        "ships_by": row.ships_by,
        "deposit_refundable": row.deposit_refundable,
        "left": sum(left.get(good.key, 0) for good in goods),
        "state": row.state_at(at),
    }
