"""Surveys: who is asked, what is an answer, that it is given once, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.members.services import consents
from apps.outbox.models import Announcement
from apps.points import handlers as points_handlers
from apps.points.models import Account
from apps.support import exports, handlers
from apps.support import selectors as survey_facts
from apps.support import services as surveys
from apps.support.models import Answer, Question, Response
from apps.support.services import Said
from mall import events
from mall.errors import NotFound
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.apps.support import make
from tests.apps.support.make import DAY, NOW

pytestmark = pytest.mark.django_db


def test_answers_are_kept_as_they_were_given() -> None:
    survey = make.survey()
    response = make.answer(survey, tea=2, times=(3, 1), stars=5, text="桂花乌龙")
    rows = [(row.choices, row.rating, row.text) for row in response.answers.all()]
    assert rows == [([2], None, ""), ([1, 3], None, ""), ([], 5, ""), ([], None, "桂花乌龙")]


def test_what_is_not_required_may_be_left_out_and_nothing_else() -> None:
    survey = make.survey()
    response = make.answer(survey)
    assert response.answers.count() == 3
    for place in range(3):
        some = [one for at, one in enumerate(make.said(survey)) if at != place]
        with pytest.raises(surveys.AnswerMissing):
            surveys.answer(member=make.member(), survey_id=survey.pk, said=some, at=NOW)
    assert Response.objects.count() == 1


def test_where_nothing_is_required_something_is_said_all_the_same() -> None:
    survey = make.survey(questions=False)
    make.question(survey, "TEXT", "还想买什么？", required=False)
    for said in ([], [Said(question_id=survey.questions.get().pk, text="")]):
        with pytest.raises(surveys.AnswerMissing):
            surveys.answer(member=make.member(), survey_id=survey.pk, said=said, at=NOW)
    assert Response.objects.count() == 0


WRONG: list[tuple[int, dict[str, Any]]] = [
    (0, {"choices": (3,)}),
    (0, {"choices": (0,)}),
    (0, {"choices": (1, 2)}),
    (0, {"choices": (), "rating": 5}),
    (0, {"choices": (), "text": "绿茶"}),
    (0, {"rating": 1}),
    (1, {"choices": (1, 1)}),
    (1, {"choices": (4,)}),
    (2, {"rating": 6}),
    (2, {"rating": 0}),
    (2, {"rating": None, "text": "好"}),
    (3, {"text": "", "choices": (1,)}),
    (3, {"text": "字" * 501}),
]


@pytest.mark.parametrize(("place", "instead"), WRONG)
def test_what_does_not_answer_the_question_is_refused(place: int, instead: dict[str, Any]) -> None:
    survey = make.survey()
    said = make.said(survey)
    said[place] = replace(said[place], **instead)
    with pytest.raises(surveys.AnswerInvalid):
        surveys.answer(member=make.member(), survey_id=survey.pk, said=said, at=NOW)
    assert (Response.objects.count(), Answer.objects.count()) == (0, 0)


def test_a_question_of_another_survey_or_one_named_twice_is_refused() -> None:
    survey, other = make.survey(), make.survey("别的")
    foreign = Said(question_id=other.questions.all()[3].pk, text="好")
    for more in (foreign, make.said(survey)[0]):
        with pytest.raises(surveys.AnswerInvalid):
            surveys.answer(member=make.member(), survey_id=survey.pk, said=[*make.said(survey), more], at=NOW)


def test_a_survey_is_answered_once() -> None:
    survey, member = make.survey(), make.member()
    make.answer(survey, member)
    with pytest.raises(surveys.AlreadyAnswered):
        make.answer(survey, member, tea=2)
    assert Response.objects.count() == 1


def test_a_survey_is_answered_from_its_first_moment_to_its_last() -> None:
    survey, member = make.survey(), make.member()
    with pytest.raises(surveys.SurveyNotOpen):
        make.answer(survey, member, at=NOW - DAY - DAY)
    with pytest.raises(surveys.SurveyClosed):
        make.answer(survey, member, at=NOW + 7 * DAY)
    assert [survey_facts.open_to(member=member, at=at).count() for at in (NOW - DAY, NOW + 7 * DAY)] == [1, 0]
    assert make.answer(survey, member, at=NOW - DAY)


def test_whoever_is_not_asked_does_not_find_the_survey() -> None:
    gold = members.level("金叶", rank=2)
    survey = make.survey()
    survey.levels.add(gold)
    member, golden = make.member(), make.member("老茶客", level=gold)
    with pytest.raises(NotFound):
        make.answer(survey, member)
    assert survey_facts.open_to(member=member, at=NOW).count() == 0
    assert survey_facts.open_to(member=golden, at=NOW).count() == 1
    off = make.survey(enabled=False)
    with pytest.raises(NotFound):
        make.answer(off, golden)


def test_without_consent_nothing_is_answered() -> None:
    survey, member = make.survey(), make.member()
    consents.withdraw(member=member, document="privacy", at=NOW)
    with pytest.raises(consents.ConsentRequired):
        make.answer(survey, member)


def test_points_come_once_a_survey() -> None:
    points.interaction("SURVEY", 30, growth=5)
    survey, member = make.survey(), make.member()
    make.answer(survey, member)
    (payload,) = Announcement.objects.filter(kind="SurveyAnswered").values_list("payload", flat=True)
    assert payload == {"member_id": member.pk, "survey_id": survey.pk, "subject": f"survey:{survey.pk}"}
    for _ in range(2):
        points_handlers.reward_on_survey_answered(events.SurveyAnswered(**payload), at=NOW)
    assert Account.objects.get(member=member).balance == 30


def test_taking_consent_back_deletes_the_answers_and_points_come_no_second_time() -> None:
    points.interaction("SURVEY", 30)
    survey, member = make.survey(), make.member()
    make.answer(survey, make.member("小茶"), text="留着")
    make.answer(survey, member, text="我的电话 13800000000")
    news = events.SurveyAnswered(member_id=member.pk, survey_id=survey.pk, subject=f"survey:{survey.pk}")
    points_handlers.reward_on_survey_answered(news, at=NOW)
    gone = events.ConsentWithdrawn(member_id=member.pk, document="privacy")
    handlers.erase_on_consent_withdrawn(gone, at=NOW)
    assert [row.text for row in Answer.objects.exclude(text="")] == ["留着"]
    assert Response.objects.count() == 1
    make.answer(survey, member)
    points_handlers.reward_on_survey_answered(news, at=NOW)
    assert Account.objects.get(member=member).balance == 30


def test_results_count_choices_and_average_stars() -> None:
    survey = make.survey()
    make.answer(survey, tea=1, times=(1, 2), stars=5, text="一")
    make.answer(survey, tea=1, times=(1,), stars=4)
    make.answer(survey, tea=2, times=(1,), stars=4, text="二")
    one, two, three, four = survey_facts.results(survey)
    assert [(row.text, row.count, row.percent) for row in one.options] == [("绿茶", 2, 67), ("红茶", 1, 33)]
    assert [(row.count, row.percent) for row in two.options] == [(3, 100), (1, 33), (0, 0)]
    assert (three.average_tenths, three.count) == (43, 3)  # 13 / 3
    assert (four.count, [row.text for row in survey_facts.texts(four.question)]) == (2, ["二", "一"])


def test_an_empty_survey_has_results_too() -> None:
    (one, *_, four) = survey_facts.results(make.survey())
    assert ([row.percent for row in one.options], one.average_tenths, four.count) == ([0, 0], None, 0)


def test_the_export_opens_in_excel_and_no_answer_becomes_a_formula_or_another_number() -> None:
    survey = make.survey()
    make.answer(survey, text='=HYPERLINK("evil")')
    make.answer(survey, tea=2, text="有,逗号")
    make.answer(survey, tea=2, text="6222021234567890123")
    head, one, two, three = "".join(exports.lines(survey)).splitlines()
    assert head == "\ufeff序号,提交时间,最常喝哪种茶？,什么时候喝？,包装如何？,还想买什么？"
    assert one == '1,2026-03-02 12:00,绿茶,早；晚,4,"\'=HYPERLINK(""evil"")"'
    assert two == '2,2026-03-02 12:00,红茶,早；晚,4,"有,逗号"'
    assert three == "3,2026-03-02 12:00,红茶,早；晚,4,6222021234567890123\t"


def test_what_was_asked_stands_still_once_somebody_answered() -> None:
    survey, other = make.survey(), make.survey("别的")
    first = survey.questions.all()[0]
    Question.objects.filter(pk=first.pk).update(text="最爱喝哪种茶？")
    make.answer(survey)
    questions = Question.objects.filter(survey=survey)
    with pytest.raises(IntegrityError), transaction.atomic():
        questions.update(text="别的问题")
    with pytest.raises(IntegrityError), transaction.atomic():
        questions.filter(kind="TEXT").delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        make.question(survey, "TEXT", "再问一个")
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(survey=other).update(survey=survey)
    assert questions.count() == 4
