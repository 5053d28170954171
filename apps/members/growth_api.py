"""Shopper's doors of growth: what made mine grow or shrink, and how my level changed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING
from apps.members import selectors as member_facts
from apps.members.auth import caller
from apps.members.models import GrowthEntry, LevelChange

_ENTRY = {
    "id": 93,
    "occasion": "ORDER",
    "occasion_label": "购物",
    "change": 128,
    "counts_at": "2026-11-23T10:00:00+08:00",
    "at": "2026-11-23T10:00:00+08:00",
}
_CHANGE = {
    "id": 12,
    "from_level": "茶友",
    "to_level": "银叶会员",
    "why": "GROWTH",
    "why_label": "成长值达标升级",
    "at": "2026-11-23T10:00:00+08:00",
}


class GrowthEntrySerializer(serializers.ModelSerializer[GrowthEntry]):
    """A row of the ledger of growth. It counts for the level as of ``counts_at``, for 365 days."""

    occasion = serializers.ChoiceField(choices=GrowthEntry.Occasion.choices)
    occasion_label = serializers.CharField(source="occasion.label", read_only=True)

    class Meta:
        model = GrowthEntry
        fields = ["id", "occasion", "occasion_label", "change", "counts_at", "at"]


class GrowthEntryPageSerializer(serializers.Serializer[Any]):
    results = GrowthEntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class LevelChangeSerializer(serializers.ModelSerializer[LevelChange]):
    """A rise or a fall. An operator's own words about it stay inside the shop."""

    from_level = serializers.CharField(source="from_level.name", default=None, allow_null=True)
    to_level = serializers.CharField(source="to_level.name")
    why_label = serializers.CharField(source="get_why_display", read_only=True)

    class Meta:
        model = LevelChange
        fields = ["id", "from_level", "to_level", "why", "why_label", "at"]


class LevelChangePageSerializer(serializers.Serializer[Any]):
    results = LevelChangeSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class GrowthEntriesView(APIView):
    """Where the growth came from and went."""

    @extend_schema(
        operation_id="me_growth_entries",
        tags=["members"],
        summary="My growth's ledger",
        description="The newest first. What a refund took back counts as of the day on which it was given.",
        parameters=PAGING,
        responses=GrowthEntryPageSerializer,
        examples=[OpenApiExample("page", value={"results": [_ENTRY], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            member_facts.growth_entries_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(GrowthEntrySerializer(rows, many=True).data),
        )


class LevelChangesView(APIView):
    """How the level rose and fell, and why."""

    @extend_schema(
        operation_id="me_level_changes",
        tags=["members"],
        summary="How my level changed",
        parameters=PAGING,
        responses=LevelChangePageSerializer,
        examples=[OpenApiExample("page", value={"results": [_CHANGE], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            member_facts.level_changes_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(LevelChangeSerializer(rows, many=True).data),
        )
