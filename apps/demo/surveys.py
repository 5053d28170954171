"""The demo shop's survey: four questions about tea, open for a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import days
from apps.support.models import Question, Survey

_TITLE: Final = "茶友口味小调查"
_QUESTIONS: Final[tuple[dict[str, Any], ...]] = (
    {
        "kind": Question.Kind.SINGLE,
        "text": "您平时最常喝哪种茶？",
        "options": ["绿茶", "红茶", "乌龙茶", "白茶", "普洱茶"],
    },
    {
        "kind": Question.Kind.SEVERAL,
        "text": "您通常在哪些时候喝茶？",
        "options": ["早起", "上班", "饭后", "会友"],
    },
    {"kind": Question.Kind.RATING, "text": "您对我们的包装满意吗？"},
    {"kind": Question.Kind.TEXT, "text": "还希望在店里买到什么？", "required": False},
)


@transaction.atomic
def fill(*, at: datetime) -> None:
    """Put the survey up where there is none; what the operator has stays as it is."""
    if Survey.objects.exists():
        return
    today, _ = days.day_window(days.shop_day(at))
    survey = Survey.objects.create(
        title=_TITLE,
        introduction="四个小问题，一分钟答完，答完即送积分。",
        starts_at=today,
        ends_at=today + timedelta(days=365),
        enabled=True,
    )
    Question.objects.bulk_create(
        Question(survey=survey, position=place, **asked) for place, asked in enumerate(_QUESTIONS)
    )
