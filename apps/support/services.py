"""Answering surveys, each member once, and forgetting the answers when consent is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from apps.base import transactions
from apps.members.models import Member
from apps.members.services import consents
from apps.outbox import services as outbox
from apps.support import selectors as survey_facts
from apps.support.models import MOST_TEXT, Answer, Question, Response, Survey
from mall.errors import Invalid, ShopError
from mall.events import SurveyAnswered


class SurveyNotOpen(ShopError):
    """The survey has not begun; ``details`` says when it does."""

    code = "survey_not_open"
    message = "问卷尚未开始"


class SurveyClosed(ShopError):
    """The survey is over."""

    code = "survey_closed"
    message = "问卷已结束"


class AlreadyAnswered(ShopError):
    """A member answers a survey once."""

    code = "already_answered"
    message = "您已提交过该问卷"


class AnswerMissing(Invalid):
    """A question that must be answered was left out, ``details`` names it; or nothing was said to any."""

    code = "answer_missing"
    message = "请回答所有必答题"


class AnswerInvalid(Invalid):
    """No answer to this question: unknown, named twice, no such option, or of another kind; ``details`` names it."""

    code = "answer_invalid"
    message = "答案无效"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a member says to one question: the one of the three that its kind asks for."""

    question_id: int
    choices: tuple[int, ...] = ()
    rating: int | None = None
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said at all, as to a question that was left out."""
        return not self.choices and self.rating is None and not self.text


def answer(*, member: Member, survey_id: int, said: Sequence[Said], at: datetime) -> Response:
    """Keep a member's answers, whole and once.

    Raises NotFound (no such survey for this member), SurveyNotOpen, SurveyClosed, AlreadyAnswered,
    AnswerMissing, AnswerInvalid, ConsentRequired.
    """
    with transaction.atomic():
        consents.lock_and_require_privacy(member=member)
        survey = survey_facts.of_member(member=member, survey_id=survey_id)
        if at < survey.starts_at:
            raise SurveyNotOpen(details={"starts_at": survey.starts_at.isoformat()})
        if survey.ends_at <= at:
            raise SurveyClosed
        if Response.objects.filter(survey=survey, member=member).exists():
            raise AlreadyAnswered
        # From here on nobody can change the questions, so they are read after this.
        _share(survey)
        with transactions.refine({"response_once_per_member_and_survey": AlreadyAnswered}):
            response = Response.objects.create(survey=survey, member=member, at=at)
        answers = _answers(list(Question.objects.filter(survey=survey)), said)
        for one in answers:
            one.response = response
        Answer.objects.bulk_create(answers)
        news = SurveyAnswered(member_id=member.pk, survey_id=survey.pk, subject=f"survey:{survey.pk}")
        outbox.publish(news, at=at)
    return response


@transaction.atomic
def erase_of_member(*, member_id: int) -> int:
    """Delete everything a member answered; return how many surveys that were (PIPL Art. 47).

    The results count them no more, and points that were given stay.
    """
    mine = Response.objects.filter(member_id=member_id)
    count = mine.count()
    mine.delete()
    return count


def _share(survey: Survey) -> None:
    """Keep the survey as it is until the transaction ends: others may answer meanwhile, nobody changes a question.

    The trigger of questions locks it FOR UPDATE. The response's foreign key alone is checked at the end only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM support_survey WHERE id = %s FOR KEY SHARE", [survey.pk])


def _answers(questions: Sequence[Question], said: Sequence[Said]) -> list[Answer]:
    """Return the rows to keep, or raise AnswerInvalid or AnswerMissing."""
    by_id = {question.pk: question for question in questions}
    spoken: dict[int, Said] = {}
    for one in said:
        if one.question_id not in by_id or one.question_id in spoken:
            raise AnswerInvalid(details={"question_id": one.question_id})
        spoken[one.question_id] = one
    rows = [_row(question, spoken[question.pk]) for question in questions if _is_answered(question, spoken)]
    if not rows:
        raise AnswerMissing
    return rows


def _is_answered(question: Question, spoken: Mapping[int, Said]) -> bool:
    one = spoken.get(question.pk)
    if one is not None and not one.is_empty:
        return True
    if question.required:
        raise AnswerMissing(details={"question_id": question.pk})
    return False


def _row(question: Question, one: Said) -> Answer:
    """Return the answer if it is one of the question's kind. Raises AnswerInvalid."""
    chosen = sorted(set(one.choices))
    of_its_kind = {
        Question.Kind.SINGLE: len(one.choices) == 1 and one.rating is None and not one.text,
        Question.Kind.SEVERAL: bool(one.choices) and one.rating is None and not one.text,
        Question.Kind.RATING: one.rating is not None and not one.choices and not one.text,
        Question.Kind.TEXT: bool(one.text) and not one.choices and one.rating is None,
    }[Question.Kind(question.kind)]
    within = (
        len(chosen) == len(one.choices)
        and all(1 <= choice <= len(question.options) for choice in chosen)
        and (one.rating is None or 1 <= one.rating <= 5)
        and len(one.text) <= MOST_TEXT
    )
    if not (of_its_kind and within):
        raise AnswerInvalid(details={"question_id": question.pk})
    return Answer(question=question, choices=chosen, rating=one.rating, text=one.text)
