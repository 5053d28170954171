"""Shopper's doors of surveys: which are open to me, and answering them."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.members.auth import caller
from apps.support import selectors as survey_facts
from apps.support import serializers as shapes
from apps.support import services as surveys

_SURVEY = {
    "id": 3,
    "title": "春茶口味小调查",
    "introduction": "三个小问题，一分钟答完，送 30 积分。",
    "starts_at": "2026-03-01T00:00:00+08:00",
    "ends_at": "2026-04-01T00:00:00+08:00",
    "answered": False,
    "questions": [
        {
            "id": 11,
            "kind": "SINGLE",
            "text": "您最常喝哪种茶？",
            "required": True,
            "options": [{"id": 1, "text": "绿茶"}, {"id": 2, "text": "红茶"}],
        },
        {"id": 12, "kind": "RATING", "text": "您对包装满意吗？", "required": True, "options": []},
        {"id": 13, "kind": "TEXT", "text": "还想买到什么？", "required": False, "options": []},
    ],
}
_SHOWN = OpenApiExample("survey", value=_SURVEY, response_only=True, status_codes=["200"])
_PAGE = OpenApiExample(
    "page", value={"results": [_SURVEY], "next": None}, response_only=True, status_codes=["200"]
)
_SAID = OpenApiExample(
    "three answers",
    value={
        "answers": [
            {"question_id": 11, "choices": [1]},
            {"question_id": 12, "rating": 5},
            {"question_id": 13, "text": "桂花乌龙"},
        ]
    },
    request_only=True,
)
_KEPT = OpenApiExample(
    "kept",
    value={"survey_id": 3, "answered_at": "2026-03-05T20:00:00+08:00"},
    response_only=True,
    status_codes=["201"],
)


class SurveysView(APIView):
    """What the shop asks."""

    @extend_schema(
        operation_id="surveys_list",
        tags=["surveys"],
        summary="Surveys that are open to me",
        description="Those that I answered already are among them, and say so.",
        parameters=PAGING,
        responses={200: shapes.SurveyPageSerializer},
        examples=[_PAGE],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            survey_facts.open_to(member=caller(request), at=timezone.now()),
            ordering=["-id"],
            shape=lambda rows: list(shapes.SurveySerializer(rows, many=True).data),
        )


class SurveyView(APIView):
    """One survey."""

    @extend_schema(
        operation_id="surveys_read",
        tags=["surveys"],
        summary="A survey with its questions",
        description="404 for one that is not meant for me; one that is over, or has not begun, is shown.",
        responses={200: shapes.SurveySerializer, 404: refusal(404, "not_found", "内容不存在")},
        examples=[_SHOWN],
    )
    def get(self, request: Request, survey_id: int) -> Response:
        survey = survey_facts.of_member(member=caller(request), survey_id=survey_id)
        return Response(shapes.SurveySerializer(survey).data)


class AnswersView(APIView):
    """The member's answers."""

    @extend_schema(
        operation_id="surveys_answer",
        tags=["surveys"],
        summary="Answer a survey, once",
        description=(
            "To each question `choices` (ids of options; one for SINGLE), `rating` (1 to 5) or `text`, as its kind "
            "asks for. What is not required may be left out. Points are given by the shop's rule, once a survey."
        ),
        request=shapes.AnswersSerializer,
        responses={
            201: shapes.ResponseSerializer,
            400: refusal(400, "answer_missing", "请回答所有必答题", {"question_id": 11}),
            403: refusal(
                403,
                "consent_required",
                "请先阅读并同意隐私保护指引",
                {"document": "privacy", "current_version": "1.0"},
            ),
            409: refusal(409, "already_answered", "您已提交过该问卷"),
        },
        examples=[_SAID, _KEPT],
    )
    def post(self, request: Request, survey_id: int) -> Response:
        sent = shapes.AnswersSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        kept = surveys.answer(
            member=caller(request), survey_id=survey_id, said=sent.said(), at=timezone.now()
        )
        return Response(shapes.ResponseSerializer(kept).data, status=201)
