"""A promoter's own pages: the team, the orders, what they bring, what there is to promote."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.inputs import MAX_BIGINT
from apps.base.schema import PAGING, one_of, refusal
from apps.distribution import examples
from apps.distribution import selectors as promoter_facts
from apps.distribution import serializers as shapes
from apps.distribution.models import Commission, Promoter
from apps.distribution.services.promoters import NotAPromoter
from apps.distribution.states import CommissionStatus
from apps.members.auth import caller
from apps.pictures import stored
from mall import money
from mall import text as texts
from mall.errors import Invalid

_NOT_ACTIVE = refusal(403, "promoter_not_active", "您还不是推客，或推客资格已停用")


class TeamLevelInvalid(Invalid):
    """A team has two levels (states.LEVELS)."""

    code = "team_level_invalid"
    message = "团队级别应为 1 或 2"


class CommissionStatusUnknown(Invalid):
    """Not one of the contract's statuses; ``details`` lists them."""

    code = "commission_status_unknown"
    message = "佣金状态无效"


class ProductInvalid(Invalid):
    """``product`` is not the id of a product."""

    code = "product_invalid"
    message = "商品编号应为整数"


class TeamView(APIView):
    """Whom the promoter brought."""

    @extend_schema(
        operation_id="promoter_team",
        tags=["promoters"],
        summary="My team",
        parameters=[
            OpenApiParameter(
                "level",
                str,
                enum=["", "1", "2"],
                description="1, by default: whom I brought; 2: whom those brought.",
            ),
            *PAGING,
        ],
        responses={
            200: shapes.TeamPageSerializer,
            400: refusal(400, "team_level_invalid", "团队级别应为 1 或 2"),
            403: _NOT_ACTIVE,
        },
        examples=[examples.TEAM],
    )
    def get(self, request: Request) -> Response:
        level = request.query_params.get("level") or "1"
        if level not in {"1", "2"}:
            raise TeamLevelInvalid
        team = promoter_facts.team_of(_promoter(request), level=int(level))
        rows, following = paging.rows_of(request, team, ordering=["-bound_at", "-id"])
        shown = [
            {
                "nickname": texts.masked(row.member.nickname),
                "since": row.bound_at,
                "until": row.valid_until,
                "is_promoter": row.is_promoter,
                "orders": row.orders,
            }
            for row in rows
        ]
        return Response(shapes.TeamPageSerializer({"results": shown, "next": following}).data)


class OrdersView(APIView):
    """The orders by which the promoter earns."""

    @extend_schema(
        operation_id="promoter_orders",
        tags=["promoters"],
        summary="Orders that bring me something",
        parameters=PAGING,
        responses={200: shapes.BroughtOrderPageSerializer, 403: _NOT_ACTIVE},
        examples=[examples.ORDERS],
    )
    def get(self, request: Request) -> Response:
        promoter = _promoter(request)
        rows, following = paging.rows_of(request, promoter_facts.orders_of(promoter), ordering=["-id"])
        sums = promoter_facts.sums_by_order(promoter, [order.order_no for order in rows])
        shown = []
        for order in rows:
            brought = sums[order.order_no]
            shown.append(
                {
                    "order_no": texts.masked_number(order.order_no),
                    "buyer": texts.masked(order.member.nickname),
                    "level": brought["level"],
                    "base_fen": brought["base_fen"] - brought["back_fen"],
                    "amount_fen": brought["net_fen"],
                    "paid_at": order.paid_at,
                }
            )
        return Response(shapes.BroughtOrderPageSerializer({"results": shown, "next": following}).data)


class CommissionsView(APIView):
    """What each line brings, and what was taken back."""

    @extend_schema(
        operation_id="promoter_commissions",
        tags=["promoters"],
        summary="My commissions",
        description="The newest first. A take-back is a row of its own with a negative amount.",
        parameters=[one_of("status", CommissionStatus.values, "Only those that stand so."), *PAGING],
        responses={
            200: shapes.CommissionPageSerializer,
            400: refusal(400, "commission_status_unknown", "佣金状态无效"),
            403: _NOT_ACTIVE,
        },
        examples=[examples.COMMISSIONS],
    )
    def get(self, request: Request) -> Response:
        rows = promoter_facts.commissions_of(_promoter(request))
        status = request.query_params.get("status")
        if status:
            if status not in CommissionStatus.values:
                raise CommissionStatusUnknown(details={"known": CommissionStatus.values})
            rows = rows.filter(status=status)
        found, following = paging.rows_of(request, rows, ordering=["-id"])
        shown = [_commission(row) for row in found]
        return Response(shapes.CommissionPageSerializer({"results": shown, "next": following}).data)


class GoodsView(APIView):
    """What there is to promote."""

    @extend_schema(
        operation_id="promoter_goods",
        tags=["promoters"],
        summary="Goods to promote, with what they bring",
        description="Share one with kind `product`: its code and poster bear the promoter's token.",
        parameters=PAGING,
        responses={200: shapes.PromotedGoodPageSerializer, 403: _NOT_ACTIVE},
        examples=[examples.GOODS],
    )
    def get(self, request: Request) -> Response:
        promoter = _promoter(request)
        shelf = promoter_facts.goods_to_promote(at=timezone.now())
        rows, following = paging.rows_of(request, shelf, ordering=["-sold_count", "id"])
        rates = promoter_facts.rates_of(rows, promoter)
        shown = [
            {
                "product_id": row.pk,
                "title": row.title,
                "cover_url": stored.address(row.cover, stored.Size.LIST),
                "price_fen": row.price_fen,
                "rate_bp": rates[row.pk].bp,
                "rate_source": rates[row.pk].source,
                "commission_fen": money.share_bp(row.price_fen, bp=rates[row.pk].bp),
            }
            for row in rows
        ]
        return Response(shapes.PromotedGoodPageSerializer({"results": shown, "next": following}).data)


class MaterialsView(APIView):
    """Texts and pictures to post."""

    @extend_schema(
        operation_id="promoter_materials",
        tags=["promoters"],
        summary="Texts and pictures to post",
        parameters=[
            OpenApiParameter("product", int, description="Only those of this product."),
            *PAGING,
        ],
        responses={
            200: shapes.MaterialPageSerializer,
            400: refusal(400, "product_invalid", "商品编号应为整数"),
            403: _NOT_ACTIVE,
        },
        examples=[examples.MATERIALS],
    )
    def get(self, request: Request) -> Response:
        _promoter(request)
        material = promoter_facts.materials(product_id=_product_id(request.query_params.get("product")))
        rows, following = paging.rows_of(request, material, ordering=["position", "id"])
        shown = [
            {
                "id": row.pk,
                "title": row.title,
                "text": row.body,
                "image_url": stored.address(row.picture, stored.Size.PAGE),
                "product_id": row.product_id,
            }
            for row in rows
        ]
        return Response(shapes.MaterialPageSerializer({"results": shown, "next": following}).data)


def _promoter(request: Request) -> Promoter:
    """The caller as somebody who is or was a promoter: what was earned can be seen for ever. Raises NotAPromoter."""
    promoter = promoter_facts.promoter_of(caller(request).pk)
    if promoter is None or promoter.active_at is None:
        raise NotAPromoter
    return promoter


def _commission(row: Commission) -> dict[str, Any]:
    return {
        "order_no": texts.masked_number(row.order_no),
        "sku_title": row.line.title,
        "base_fen": row.base_fen,
        "rate_bp": row.rate_bp,
        "rate_source": row.rate_source,
        "amount_fen": row.amount_fen,
        "level": row.level,
        "status": row.status,
        "reason": row.reason,
        "at": row.at,
        "available_at": row.available_at or row.due_at,
    }


def _product_id(given: str | None) -> int | None:
    """Raises ProductInvalid."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 19 and int(given) <= MAX_BIGINT):
        raise ProductInvalid
    return int(given)
