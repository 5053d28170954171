"""Surveys for tests, made as plainly as possible."""

from __future__ import annotations

from typing import Any

from apps.members.models import Member
from apps.support import services as surveys
from apps.support.models import Question, Response, Survey
from apps.support.services import Said
from tests.apps.content.make import DAY, NOW, member

__all__ = ["DAY", "NOW", "answer", "member", "question", "said", "survey"]


def survey(title: str = "春茶小调查", *, questions: bool = True, **columns: Any) -> Survey:
    """A survey of this week: 绿茶 or 红茶, when, how good, and what else (which may be left out)."""
    window = {"starts_at": NOW - DAY, "ends_at": NOW + 7 * DAY, "enabled": True}
    made = Survey.objects.create(title=title, **{**window, **columns})
    if questions:
        question(made, "SINGLE", "最常喝哪种茶？", ["绿茶", "红茶"])
        question(made, "SEVERAL", "什么时候喝？", ["早", "中", "晚"])
        question(made, "RATING", "包装如何？")
        question(made, "TEXT", "还想买什么？", required=False)
    return made


def question(
    asked: Survey, kind: str, text: str, options: list[str] | None = None, **columns: Any
) -> Question:
    position = asked.questions.count()
    return Question.objects.create(
        survey=asked, kind=kind, text=text, options=options or [], position=position, **columns
    )


def said(
    asked: Survey, tea: int = 1, times: tuple[int, ...] = (1, 3), stars: int = 4, text: str = ""
) -> list[Said]:
    """Answers to all questions of ``survey()``."""
    one, two, three, four = asked.questions.all()
    return [
        Said(question_id=one.pk, choices=(tea,)),
        Said(question_id=two.pk, choices=times),
        Said(question_id=three.pk, rating=stars),
        Said(question_id=four.pk, text=text),
    ]


def answer(asked: Survey, owner: Member | None = None, at: Any = NOW, **more: Any) -> Response:
    return surveys.answer(member=owner or member(), survey_id=asked.pk, said=said(asked, **more), at=at)
