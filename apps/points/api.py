"""Shopper's doors of points: the balance and its ledger, check-ins, the points mall."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import days, idempotency, paging
from apps.base.schema import PAGING, idempotency_key, refusal
from apps.members.auth import caller
from apps.pictures import stored
from apps.points import selectors as point_facts
from apps.points import serializers as shapes
from apps.points import services as points
from apps.points.models import PointsGood
from mall.errors import Invalid

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_ENTRY = {
    "id": 812,
    "kind": "ORDER",
    "kind_label": "购物获得",
    "points": 128,
    "change": 98,
    "debt_change": -30,
    "reason": "",
    "at": "2026-11-23T10:00:00+08:00",
}
_GOOD = {
    "id": 3,
    "kind": "COUPON",
    "title": "5 元优惠券",
    "points": 500,
    "money_fen": 0,
    "sku_id": None,
    "product_id": None,
    "image_url": None,
    "left": 86,
    "per_member": 2,
    "ends_at": "2026-12-31T00:00:00+08:00",
    "server_time": "2026-11-23T20:00:00+08:00",
}
_REDEMPTION = {
    "redemption_no": "RD261123K7M2P9QRTW4X",
    "good_id": 3,
    "quantity": 1,
    "points": 500,
    "at": "2026-11-23T10:00:00+08:00",
}


class MonthInvalid(Invalid):
    """Not a month from 2000 to 2099."""

    code = "month_invalid"
    message = "月份格式应为 2026-11"


class PointsView(APIView):
    """What the member has."""

    @extend_schema(
        operation_id="me_points",
        tags=["points"],
        summary="My points",
        responses=shapes.BalanceSerializer,
        examples=[
            OpenApiExample(
                "points",
                value={
                    "balance": 1280,
                    "debt": 0,
                    "expiring": {"points": 300, "at": "2027-01-01T00:00:00+08:00"},
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        mine = point_facts.account_of(caller(request), at=timezone.now())
        expiring = {"points": mine.expiring, "at": mine.expiring_at} if mine.expiring_at else None
        shown = {"balance": mine.balance, "debt": mine.debt, "expiring": expiring}
        return Response(shapes.BalanceSerializer(shown).data)


class EntriesView(APIView):
    """Where the points came from and went."""

    @extend_schema(
        operation_id="me_points_entries",
        tags=["points"],
        summary="My points' ledger",
        description="The newest first. The `change`s of all rows add up to the balance.",
        parameters=PAGING,
        responses=shapes.EntryPageSerializer,
        examples=[OpenApiExample("page", value={"results": [_ENTRY], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        rows = point_facts.entries_of(caller(request))
        return paging.page(
            request,
            rows,
            ordering=["-id"],
            shape=lambda found: list(shapes.EntrySerializer(found, many=True).data),
        )


class CheckInsView(APIView):
    """A point a day, and the bonus of a whole streak."""

    @extend_schema(
        operation_id="check_ins_month",
        tags=["points"],
        summary="My check-ins of a month",
        parameters=[
            OpenApiParameter(
                "month",
                {"type": "string", "pattern": r"^20[0-9]{2}-(0[1-9]|1[0-2])$"},
                description="e.g. 2026-11; by default the current one.",
            )
        ],
        responses={
            200: shapes.CalendarSerializer,
            400: refusal(400, "month_invalid", "月份格式应为 2026-11"),
        },
        examples=[
            OpenApiExample(
                "month",
                value={
                    "month": "2026-11",
                    "days": ["2026-11-21", "2026-11-22", "2026-11-23"],
                    "checked_in_today": True,
                    "streak": 3,
                    "daily_points": 1,
                    "next_bonus": {"in_days": 4, "points": 10},
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        first = _month(request.query_params.get("month"), today=days.shop_day(at))
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        seen = point_facts.calendar_of(caller(request), first=first, after=after, at=at)
        shown = {
            "month": f"{first:%Y-%m}",
            "days": seen.days,
            "checked_in_today": seen.checked_in_today,
            "streak": seen.streak,
            "daily_points": seen.rules.check_in_points,
            "next_bonus": {"in_days": seen.days_to_bonus, "points": seen.rules.streak_bonus},
        }
        return Response(shapes.CalendarSerializer(shown).data)

    @extend_schema(
        operation_id="check_ins_add",
        tags=["points"],
        summary="Check in",
        description="Once a Shanghai day; the second time that day answers the first check-in again.",
        request=None,
        responses={200: shapes.CheckInSerializer},
        examples=[
            OpenApiExample(
                "seventh day", value={"on": "2026-11-23", "streak": 7, "points": 11}, response_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        row = points.check_in(member_id=caller(request).pk, at=timezone.now())
        return Response(shapes.CheckInSerializer(row).data)


class PointsMallView(APIView):
    """What can be had for points."""

    @extend_schema(
        operation_id="points_mall",
        tags=["points"],
        summary="The points mall",
        description="A COUPON is redeemed at once; a SKU is ordered, and `money_fen` paid beside the points.",
        parameters=PAGING,
        responses=shapes.GoodPageSerializer,
        examples=[OpenApiExample("page", value={"results": [_GOOD], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        rows = point_facts.shelf(at=timezone.now())
        return paging.page(
            request, rows, ordering=["position", "-id"], shape=lambda found: [_good(good) for good in found]
        )


class RedemptionsView(APIView):
    """Points become a coupon."""

    @extend_schema(
        operation_id="points_mall_redeem",
        tags=["points"],
        summary="Redeem a coupon",
        description=(
            "The same `Idempotency-Key` with the same body answers the same redemption again. The coupon "
            "arrives in the wallet a moment later. 409 may also be redeemed_out, redemption_limit_reached, "
            "idempotency_key_reused."
        ),
        parameters=[idempotency_key("redemption")],
        request=shapes.RedeemSerializer,
        responses={
            201: shapes.RedemptionSerializer,
            409: refusal(409, "points_not_enough", "积分不足", {"wanted": 500, "balance": 120}),
        },
        examples=[
            OpenApiExample("one", value={"quantity": 1}, request_only=True),
            OpenApiExample("redeemed", value=_REDEMPTION, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request, good_id: int) -> Response:
        key = idempotency.key_of(request)
        asked = shapes.RedeemSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        redemption = points.redeem_coupon(
            member_id=caller(request).pk,
            good_id=good_id,
            quantity=asked.validated_data["quantity"],
            idempotency_key=key,
            at=timezone.now(),
        )
        return Response(shapes.RedemptionSerializer(redemption).data, status=201)


def _month(said: str | None, *, today: date) -> date:
    """The first day of the month that was asked for, or of this one. Raises MonthInvalid."""
    if said is None:
        return today.replace(day=1)
    match = _MONTH.fullmatch(said)
    if match is None:
        raise MonthInvalid
    return date(int(match[1]), int(match[2]), 1)


def _good(good: PointsGood) -> dict[str, Any]:
    product = good.sku.product if good.sku else None
    shown = {
        "id": good.pk,
        "kind": good.kind,
        "title": good.title,
        "points": good.points,
        "money_fen": good.money_fen,
        "sku_id": good.sku_id,
        "product_id": product.pk if product else None,
        "image_url": stored.address(product.cover, stored.Size.LIST) if product else None,
        "left": None if good.quota is None else good.quota - good.redeemed,
        "per_member": good.per_member,
        "ends_at": good.ends_at,
    }
    return dict(shapes.GoodSerializer(shown).data)
