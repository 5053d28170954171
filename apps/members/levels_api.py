"""Shopper's doors of levels: what each is good for, where I stand, and my birthday."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.members import standing
from apps.members.auth import caller
from apps.members.models import Level
from apps.members.services import birthday

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BenefitsSerializer(serializers.ModelSerializer[Level]):
    """A level with all its benefits."""

    class Meta:
        model = Level
        fields = [
            "name",
            "rank",
            "growth_threshold",
            "discount_bp",
            "points_multiplier_bp",
            "free_postage",
            "birthday_points",
            "early_access_minutes",
            "service_queue",
        ]
        read_only_fields = fields


class NextLevelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    rank = serializers.IntegerField()
    missing_growth = serializers.IntegerField()


class StandingSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(allow_null=True)
    rank = serializers.IntegerField(allow_null=True)
    growth = serializers.IntegerField(help_text="Of the last 365 days, which is what counts.")
    valid_until = serializers.DateTimeField(allow_null=True)
    next_level = NextLevelSerializer(allow_null=True)


class LevelsSerializer(serializers.Serializer[Any]):
    """All levels, the lowest first; never paged."""

    results = BenefitsSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Always null.")
    mine = StandingSerializer()


class IsoDateField(serializers.DateField):
    """A day as ``1990-05-20``, in ASCII digits."""

    default_error_messages = {"invalid": "日期格式应为 1990-05-20"}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class BirthdaySerializer(serializers.Serializer[Any]):
    birthday = IsoDateField()


def _level(name: str, rank: int, threshold: int, discount_bp: int, points_bp: int) -> dict[str, Any]:
    return {
        "name": name,
        "rank": rank,
        "growth_threshold": threshold,
        "discount_bp": discount_bp,
        "points_multiplier_bp": points_bp,
        "free_postage": False,
        "birthday_points": 50 * rank,
        "early_access_minutes": 0,
        "service_queue": False,
    }


_EXAMPLE = {
    "results": [_level("茶友", 1, 0, 10_000, 10_000), _level("银叶会员", 2, 1_000, 9_800, 12_000)],
    "next": None,
    "mine": {
        "name": "茶友",
        "rank": 1,
        "growth": 640,
        "valid_until": None,
        "next_level": {"name": "银叶会员", "rank": 2, "missing_growth": 360},
    },
}
_BIRTHDAY = {"birthday": "1990-05-20"}


class LevelsView(APIView):
    """All levels, and where the member stands."""

    @extend_schema(
        operation_id="levels_list",
        tags=["members"],
        summary="Levels, and what is missing to the next",
        responses=LevelsSerializer,
        examples=[OpenApiExample("levels", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        mine = standing.of_member(caller(request), at=timezone.now())
        higher = mine.next_level
        shown = {
            "results": mine.levels,
            "next": None,
            "mine": {
                "name": mine.level.name if mine.level else None,
                "rank": mine.level.rank if mine.level else None,
                "growth": mine.growth,
                "valid_until": mine.valid_until,
                "next_level": {"name": higher.name, "rank": higher.rank, "missing_growth": mine.missing}
                if higher
                else None,
            },
        }
        return Response(LevelsSerializer(shown).data)


class BirthdayView(APIView):
    """When the member was born, for the gift of their level."""

    @extend_schema(
        operation_id="me_birthday",
        tags=["members"],
        summary="Tell my birthday",
        description="Personal data: 403 without privacy consent. It can be changed once in 365 days.",
        request=BirthdaySerializer,
        responses={
            200: BirthdaySerializer,
            400: refusal(400, "birthday_invalid", "请填写正确的生日", {"birthday": "2999-01-01"}),
            403: refusal(
                403,
                "consent_required",
                "请先阅读并同意隐私保护指引",
                {"document": "privacy", "current_version": "1.0"},
            ),
            409: refusal(409, "birthday_set_lately", "生日一年只能修改一次", {"again_from": "2027-11-23"}),
        },
        examples=[
            OpenApiExample("birthday", value=_BIRTHDAY, request_only=True),
            OpenApiExample("told", value=_BIRTHDAY, response_only=True, status_codes=["200"]),
        ],
    )
    def put(self, request: Request) -> Response:
        asked = BirthdaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        member = birthday.record(
            member_id=caller(request).pk, birthday=asked.validated_data["birthday"], at=timezone.now()
        )
        return Response(BirthdaySerializer(member).data)
