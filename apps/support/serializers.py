"""What surveys look like to the mini program, and what it may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import StrictIntegerField, StrictTextField, row_id
from apps.support.models import MOST_OPTIONS, MOST_TEXT, Question, Response, Survey
from apps.support.services import Said

_MOST_QUESTIONS = 100


class SurveyOptionSerializer(serializers.Serializer[Any]):
    """Something to choose."""

    id = serializers.IntegerField(help_text="To be named in `choices`.")
    text = serializers.CharField()


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """One question."""

    options = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = ["id", "kind", "text", "required", "options"]

    @extend_schema_field(SurveyOptionSerializer(many=True))
    def get_options(self, row: Question) -> list[dict[str, Any]]:
        return [{"id": place, "text": text} for place, text in enumerate(row.options, start=1)]


class SurveySerializer(serializers.ModelSerializer[Survey]):
    """A survey with its questions; `answered`: by me."""

    answered = serializers.BooleanField()
    questions = QuestionSerializer(many=True)

    class Meta:
        model = Survey
        fields = ["id", "title", "introduction", "starts_at", "ends_at", "answered", "questions"]


class SurveyPageSerializer(serializers.Serializer[Any]):
    """A page of surveys, newest first."""

    results = SurveySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class SaidSerializer(serializers.Serializer[Any]):
    """What is said to one question: `choices`, `rating` or `text`, as its kind asks for."""

    question_id = row_id()
    choices = serializers.ListField(
        child=StrictIntegerField(min_value=1, max_value=MOST_OPTIONS),
        max_length=MOST_OPTIONS,
        required=False,
        default=list,
    )
    rating = StrictIntegerField(min_value=1, max_value=5, required=False, allow_null=True, default=None)
    text = StrictTextField(multiline=True, max_length=MOST_TEXT, required=False, allow_blank=True, default="")


class AnswersSerializer(serializers.Serializer[Any]):
    """All answers to one survey."""

    answers = serializers.ListField(
        child=SaidSerializer(),
        max_length=_MOST_QUESTIONS,
        error_messages={"not_a_list": "请填写答案列表"},
    )

    def said(self) -> list[Said]:
        """What was answered, as the service takes it."""
        return [Said(**{**one, "choices": tuple(one["choices"])}) for one in self.validated_data["answers"]]


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """That it was answered, and when."""

    survey_id = serializers.IntegerField()
    answered_at = serializers.DateTimeField(source="at")

    class Meta:
        model = Response
        fields = ["survey_id", "answered_at"]
