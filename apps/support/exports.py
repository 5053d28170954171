"""A survey's answers as a sheet (``sheets``): one line a response, without who answered."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.base import sheets
from apps.support import selectors as survey_facts
from apps.support.models import Answer, Question, Survey


def lines(survey: Survey) -> sheets.Sheet:
    """One line a response, oldest first, without who answered: number, time, an answer to each question."""
    questions = list(survey.questions.all())
    return sheets.sheet(
        ["序号", "提交时间", *(question.text for question in questions)], _rows(survey, questions)
    )


def _rows(survey: Survey, questions: list[Question]) -> Iterator[list[str | int]]:
    zone = ZoneInfo(settings.TIME_ZONE)
    for number, (response, answers) in enumerate(survey_facts.rows_of(survey), start=1):
        said = [_said(question, answers.get(question.pk)) for question in questions]
        yield [number, response.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), *said]


def _said(question: Question, answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.choices:
        return "；".join(question.options[choice - 1] for choice in answer.choices)
    return str(answer.rating) if answer.rating is not None else answer.text
