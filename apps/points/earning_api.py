"""Shopper's doors to the ways of earning points, and to what was redeemed for them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING
from apps.members.auth import caller
from apps.points import selectors as point_facts
from apps.points.models import Redemption
from apps.points.states import RedemptionStatus

_WAYS = {
    "results": [
        {
            "kind": "CHECK_IN",
            "kind_label": "签到",
            "points": 1,
            "growth": 0,
            "once": False,
            "left_today": 1,
            "done": False,
        },
        {
            "kind": "PROFILE",
            "kind_label": "完善资料",
            "points": 50,
            "growth": 10,
            "once": True,
            "left_today": 0,
            "done": True,
        },
        {
            "kind": "REVIEW",
            "kind_label": "评价",
            "points": 20,
            "growth": 5,
            "once": False,
            "left_today": 3,
            "done": False,
        },
    ],
    "next": None,
    "points_per_yuan": 1,
    "multiplier_bp": 12_000,
}
_REDEEMED = {
    "redemption_no": "RD261123K7M2P9QRTW4X",
    "good_id": 3,
    "title": "5 元优惠券",
    "kind": "COUPON",
    "quantity": 1,
    "points": 500,
    "order_no": "",
    "status": "DONE",
    "status_text": "已兑换",
    "at": "2026-11-23T10:00:00+08:00",
}


class WaySerializer(serializers.Serializer[Any]):
    """A way to earn beside shopping."""

    kind = serializers.ChoiceField(choices=["CHECK_IN", "PROFILE", "REVIEW", "SURVEY"])
    kind_label = serializers.CharField()
    points = serializers.IntegerField(help_text="What it gives now; a check-in with today's bonus, if any.")
    growth = serializers.IntegerField()
    once = serializers.BooleanField(help_text="Once in a member's life.")
    left_today = serializers.IntegerField(
        allow_null=True, help_text="How often it still gives today; null without limit."
    )
    done = serializers.BooleanField(help_text="It gives nothing more today.")


class WaysSerializer(serializers.Serializer[Any]):
    """All ways that the shop rewards, never paged, and what shopping gives the member."""

    results = WaySerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Always null.")
    points_per_yuan = serializers.IntegerField()
    multiplier_bp = serializers.IntegerField(
        help_text="The member's level times today's member day: 12000 is 1.2 times."
    )


class RedeemedSerializer(serializers.ModelSerializer[Redemption]):
    """Something that the member had for points; goods came with the order ``order_no``."""

    title = serializers.CharField(source="good.title")
    kind = serializers.CharField(source="good.kind")
    good_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RedemptionStatus.choices)
    status_text = serializers.CharField(source="get_status_display", read_only=True)

    class Meta:
        model = Redemption
        fields = [
            "redemption_no",
            "good_id",
            "title",
            "kind",
            "quantity",
            "points",
            "order_no",
            "status",
            "status_text",
            "at",
        ]


class RedeemedPageSerializer(serializers.Serializer[Any]):
    results = RedeemedSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class WaysView(APIView):
    """What earns points today."""

    @extend_schema(
        operation_id="me_points_ways",
        tags=["points"],
        summary="Ways to earn points",
        responses=WaysSerializer,
        examples=[OpenApiExample("ways", value=_WAYS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        found = point_facts.ways_of(caller(request), at=timezone.now())
        shown = {
            "results": [way._asdict() for way in found.ways],
            "next": None,
            "points_per_yuan": found.points_per_yuan,
            "multiplier_bp": found.multiplier_bp,
        }
        return Response(WaysSerializer(shown).data)


class MyRedemptionsView(APIView):
    """What the member had from the points mall."""

    @extend_schema(
        operation_id="me_redemptions",
        tags=["points"],
        summary="What I redeemed",
        description="The newest first. HELD waits for the payment of its order.",
        parameters=PAGING,
        responses=RedeemedPageSerializer,
        examples=[OpenApiExample("page", value={"results": [_REDEEMED], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            point_facts.redemptions_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(RedeemedSerializer(rows, many=True).data),
        )
