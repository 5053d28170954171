"""Surveys and packs of questions by their service: what the form refuses a program is refused as well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.support import services as surveys
from apps.support.models import Question, Survey
from tests.apps.support.make import NOW

pytestmark = pytest.mark.django_db


def survey(**columns: object) -> Survey:
    window = {"starts_at": NOW, "ends_at": NOW + timedelta(days=9)}
    return Survey(**{"title": "春茶小调查", "enabled": True, **window, **columns})


def test_a_survey_ends_after_it_begins_and_asks_something():
    with pytest.raises(surveys.SurveyRefused, match="结束时间必须晚于开始时间"):
        surveys.save_survey(survey(ends_at=NOW))
    row = surveys.save_survey(survey())
    with pytest.raises(surveys.SurveyRefused, match="启用前请至少添加一个问题"):
        surveys.save_questions(survey=row)
    asked = Question(kind="TEXT", text="还想喝什么茶？", position=1)
    surveys.save_questions(survey=row, changed=[asked])
    with pytest.raises(surveys.SurveyRefused, match="至少添加一个问题"):
        surveys.save_questions(survey=row, removed=[asked])
    assert Question.objects.filter(survey=row).count() == 1


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("SINGLE", ["绿茶"], "至少要有两个选项"),
        ("TEXT", ["绿茶"], "没有选项"),
        ("SINGLE", ["绿茶", "绿茶"], "选项不能重复"),
        ("SINGLE", ["绿茶", "红" * 51], "最多 50 个字"),
        ("SEVERAL", [str(number) for number in range(21)], "最多 20 个选项"),
    ],
)
def test_a_question_has_options_exactly_where_one_chooses(kind: str, options: list[str], reason: str):
    row = surveys.save_survey(survey())
    with pytest.raises(surveys.SurveyRefused, match=reason):
        surveys.save_questions(survey=row, changed=[Question(kind=kind, text="喝什么茶？", options=options)])
    assert not Question.objects.exists()
