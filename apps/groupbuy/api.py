"""Shopper's doors of group-buys: what is offered, the groups that can be joined, and how one stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.campaigns import asked
from apps.campaigns.states import Approval, State
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import serializers as shapes
from apps.groupbuy.selectors import Shelved
from apps.members.auth import caller_or_none
from apps.pictures import stored

_NOW = "2026-11-28T10:00:00+08:00"
_GROUP_BUY = {
    "id": 3,
    "product_id": 4,
    "title": "春茶三人团",
    "cover_url": "https://shop.example.com/media/products/cup.png",
    "skus": [
        {
            "sku_id": 7,
            "list_price_fen": 5000,
            "tiers": [{"size": 3, "price_fen": 3900}, {"size": 5, "price_fen": 3500}],
            "leader_price_fen": 3500,
        }
    ],
    "starts_at": "2026-11-28T00:00:00+08:00",
    "ends_at": "2026-12-05T00:00:00+08:00",
    "minutes_per_group": 1440,
    "limit_per_member": 2,
    "left": 86,
    "newcomers_only": False,
    "combines": ["coupon"],
    "state": "LIVE",
}
_GROUP = {
    "group_no": "PT261128K7M2P9QRTW4X",
    "group_buy_id": 3,
    "status": "OPEN",
    "joinable": True,
    "size": 3,
    "joined": 2,
    "missing": 1,
    "price_fen": 3900,
    "prices": [{"sku_id": 7, "price_fen": 3900}],
    "next_tier": {"size": 3, "price_fen": 3900, "missing": 1},
    "ends_at": "2026-11-29T09:30:00+08:00",
    "members": [
        {"nickname": "林**", "avatar_url": "", "is_leader": True},
        {"nickname": "阿**", "avatar_url": "", "is_leader": False},
    ],
    "is_mine": False,
    "my_order_no": None,
}
_UNKNOWN = refusal(404, "activity_not_found", "活动不存在或已结束")


class GroupBuysView(APIView):
    """What is offered."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="group_buys_list",
        tags=["activities"],
        summary="Group-buys that run or are announced",
        parameters=[
            asked.PRODUCT,
            *PAGING,
        ],
        responses={
            200: shapes.GroupBuyPageSerializer,
            400: refusal(400, "invalid", "商品编号应为整数", {"product": ["商品编号应为整数"]}),
        },
        examples=[
            OpenApiExample(
                "page",
                value={"results": [_GROUP_BUY], "next": None, "server_time": _NOW},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        product_id = asked.product_id(request.query_params.get("product"))
        rows = group_facts.announced(at=at, product_id=product_id)
        found, following = paging.rows_of(request, rows, ordering=["starts_at", "id"])
        told = [_group_buy(one, at=at) for one in group_facts.shelved(found)]
        return Response(shapes.GroupBuyPageSerializer({"results": told, "next": following}).data)


class GroupBuyView(APIView):
    """One group-buy."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="group_buys_detail",
        tags=["activities"],
        summary="One group-buy, over or not",
        responses={200: shapes.OneGroupBuySerializer, 404: _UNKNOWN},
        examples=[OpenApiExample("group-buy", value={**_GROUP_BUY, "server_time": _NOW}, response_only=True)],
    )
    def get(self, request: Request, group_buy_id: int) -> Response:
        at = timezone.now()
        (one,) = group_facts.shelved([group_facts.one(group_buy_id, at=at)])
        return Response(shapes.OneGroupBuySerializer(_group_buy(one, at=at)).data)


class GroupsView(APIView):
    """The groups of one that can be joined."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="group_buys_groups",
        tags=["activities"],
        summary="Groups that can be joined (凑团), soonest end first",
        parameters=PAGING,
        responses={200: shapes.GroupPageSerializer, 404: _UNKNOWN},
        examples=[
            OpenApiExample(
                "page",
                value={"results": [_GROUP], "next": None, "server_time": _NOW},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request, group_buy_id: int) -> Response:
        at = timezone.now()
        group_facts.one(group_buy_id, at=at)
        rows = group_facts.joinable(group_buy_id=group_buy_id, at=at)
        found, following = paging.rows_of(request, rows, ordering=["ends_at", "id"])
        me = _member_id(request)
        told = [group_facts.told_of(group_facts.facts_of(row), member_id=me, at=at) for row in found]
        return Response(shapes.GroupPageSerializer({"results": told, "next": following}).data)


class GroupView(APIView):
    """How one group stands."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="groups_detail",
        tags=["activities"],
        summary="How a group stands",
        description="Readable without login: whoever has the number was sent it. Cheap to ask again and again.",
        responses={200: shapes.OneGroupSerializer, 404: _UNKNOWN},
        examples=[OpenApiExample("group", value={**_GROUP, "server_time": _NOW}, response_only=True)],
    )
    def get(self, request: Request, group_no: str) -> Response:
        facts = group_facts.progress_of(group_no)
        told = group_facts.told_of(facts, member_id=_member_id(request), at=timezone.now())
        return Response(shapes.OneGroupSerializer(told).data)


def _member_id(request: Request) -> int | None:
    member = caller_or_none(request)
    return member.pk if member else None


def _group_buy(shelved: Shelved, *, at: datetime) -> dict[str, Any]:
    row, terms = shelved.row, shelved.terms
    state = row.state_at(at)
    return {
        "id": row.pk,
        "product_id": row.product_id,
        "title": row.title,
        "cover_url": stored.address(row.product.cover, stored.Size.LIST) if row.product.cover else None,
        "skus": [
            {
                "sku_id": sku_id,
                "list_price_fen": shelved.list_fen[sku_id],
                "tiers": terms.tiers_of(sku_id),
                "leader_price_fen": opening_fen,
            }
            for sku_id, opening_fen in terms.opening_fen().items()
        ],
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "minutes_per_group": row.minutes_per_group,
        "limit_per_member": row.limit_per_member,
        "left": shelved.left,
        "newcomers_only": row.newcomers_only,
        "combines": row.combines,
        # What is paused cannot be ordered: a shopper who has its address reads of it as over.
        "state": State.ENDED if row.approval == Approval.PAUSED else state,
    }
