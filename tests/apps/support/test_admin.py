"""The operators' pages of surveys: the form refuses what nobody could answer, results are read, answers exported."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.base.models import AuditEntry
from apps.support.models import Question, Survey
from tests.admin.browser import Browser
from tests.apps.support import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Client:
    client = Browser()
    client.force_login(User.objects.create_superuser("店长"))
    return client


def form(*questions: dict[str, str], **typed: str) -> dict[str, str]:
    """What the browser sends for a new survey."""
    whole = {
        "title": "春茶小调查",
        "introduction": "一分钟答完",
        "starts_at_0": "2026-03-01",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2026-04-01",
        "ends_at_1": "00:00:00",
        "enabled": "on",
        "questions-TOTAL_FORMS": str(len(questions)),
        "questions-INITIAL_FORMS": "0",
        **typed,
    }
    for place, question in enumerate(questions):
        row = {
            "position": str(place),
            "required": "on",
            "kind": "SINGLE",
            "text": "最常喝？",
            "options": "",
            **question,
        }
        whole |= {f"questions-{place}-{name}": value for name, value in row.items()}
    return whole


TEA = {"options": "绿茶\n 红茶 \n\n"}


def test_a_survey_is_written_with_its_questions(page: Client) -> None:
    answer = page.post("/admin/support/survey/add/", form(TEA, {"kind": "TEXT", "text": "还想买什么？"}))
    assert answer.status_code == 302
    assert list(Question.objects.values_list("kind", "options")) == [
        ("SINGLE", ["绿茶", "红茶"]),
        ("TEXT", []),
    ]


@pytest.mark.parametrize(
    ("questions", "typed", "why"),
    [
        ([TEA], {"ends_at_0": "2026-03-01"}, "结束时间必须晚于开始时间"),
        ([], {}, "启用前请至少添加一个问题"),
        ([{"options": "绿茶"}], {}, "单选和多选至少要有两个选项"),
        ([{"options": "绿茶\n绿茶"}], {}, "选项不能重复"),
        ([{"options": "\n".join(map(str, range(21)))}], {}, "最多 20 个选项"),
        ([{"options": "绿茶\n" + "茶" * 51}], {}, "每个选项最多 50 个字"),
        ([{"kind": "RATING", "options": "一\n二"}], {}, "评分和文字题没有选项"),
    ],
)
def test_what_nobody_could_answer_is_refused_with_the_reason(
    page: Client, questions: list[dict[str, str]], typed: dict[str, str], why: str
) -> None:
    answer = page.post("/admin/support/survey/add/", form(*questions, **typed))
    assert (answer.status_code, why in answer.content.decode()) == (200, True)
    assert Survey.objects.count() == 0


def test_an_answered_survey_changes_its_end_but_not_what_it_asked(page: Client) -> None:
    survey = make.survey()
    make.answer(survey)
    address = f"/admin/support/survey/{survey.pk}/change/"
    shown = page.get(address).content.decode()
    assert 'name="title"' not in shown and 'name="questions-0-text"' not in shown
    assert "绿茶、红茶" in shown
    typed = {
        "title": "别的",
        "ends_at_0": "2026-05-01",
        "ends_at_1": "00:00:00",
        "questions-TOTAL_FORMS": "0",
        "questions-INITIAL_FORMS": "0",
    }
    assert page.post(address, typed).status_code == 302
    now = Survey.objects.get()
    assert (now.title, now.enabled, now.ends_at.month) == ("春茶小调查", False, 4)  # 30 April 16:00 UTC
    assert page.post(f"/admin/support/survey/{survey.pk}/delete/", {"post": "yes"}).status_code == 403


def test_results_show_shares_averages_and_texts_page_by_page(page: Client) -> None:
    survey = make.survey()
    for number in range(21):
        make.answer(
            survey, make.member(f"茶客{number}"), tea=1 + number % 3 // 2, text=f"<i>第{number}条</i>"
        )
    question = survey.questions.get(kind="TEXT")
    address = f"/admin/support/survey/{survey.pk}/results/"
    shown = page.get(address).content.decode()
    for said in ("共 21 份答卷", "14（67%）", "7（33%）", "4.0 分", "第 1 / 2 页", "&lt;i&gt;第20条"):
        assert said in shown, said
    rest = page.get(f"{address}?question={question.pk}&page=2").content.decode()
    assert "第0条" in rest and "第20条" not in rest
    assert page.get(f"{address}?question=x&page=nonsense").status_code == 200


def test_an_export_is_written_down(page: Client) -> None:
    survey = make.survey()
    make.answer(survey, text="桂花乌龙")
    answer: Any = page.get(f"/admin/support/survey/{survey.pk}/export/")
    assert "桂花乌龙" in b"".join(answer.streaming_content).decode()
    assert AuditEntry.objects.get().action == "导出问卷答案"


def test_lists_and_results_ask_the_database_equally_often_for_many_answers(
    page: Client, django_assert_num_queries: Any
) -> None:
    survey = make.survey()
    make.answer(survey)
    address = f"/admin/support/survey/{survey.pk}/results/"
    page.get(address)
    with CaptureQueriesContext(connection) as few:
        page.get(address)
    for number in range(5):
        make.answer(survey, make.member(f"茶客{number}"))
    with django_assert_num_queries(len(few)):
        page.get(address)
