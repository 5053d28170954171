"""A survey's answers as CSV that Excel opens as it is: Chinese stays Chinese, and no answer becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.support import selectors
from apps.support.models import Answer, Question, Survey

# What makes a spreadsheet take a cell for a formula (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(survey: Survey) -> Iterator[str]:
    """One line a response, oldest first, without who answered: number, time, an answer to each question.

    Begins with a BOM, without which Excel takes Chinese for something else.
    """
    questions = list(survey.questions.all())
    zone = ZoneInfo(settings.TIME_ZONE)
    yield "\ufeff" + _line(["序号", "提交时间", *(question.text for question in questions)])
    for number, (response, answers) in enumerate(selectors.rows_of(survey), start=1):
        said = [_said(question, answers.get(question.pk)) for question in questions]
        yield _line([str(number), response.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), *said])


def safe(text: str) -> str:
    """Return a text that a spreadsheet shows instead of carrying it out: a leading apostrophe keeps it one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _said(question: Question, answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.choices:
        return "；".join(question.options[choice - 1] for choice in answer.choices)
    return str(answer.rating) if answer.rating is not None else answer.text


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe(cell) for cell in cells])
    return text.getvalue()
