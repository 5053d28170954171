"""Writing surveys; answering them, each member once, and forgetting the answers when consent is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from apps.base import judging, transactions
from apps.members.models import Member
from apps.members.services import consents
from apps.outbox import services as outbox
from apps.support import selectors as survey_facts
from apps.support.models import LONGEST_OPTION, MOST_OPTIONS, MOST_TEXT, Answer, Question, Response, Survey
from mall.errors import Fault, Faulty, Invalid, ShopError
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


class SurveyRefused(Faulty):
    """A survey or a question that nobody could answer; ``faults`` say at which field, and why."""

    code = "survey_refused"


def check_survey(survey: Survey) -> None:
    """Hold a new or changed survey against its window. Raises SurveyRefused."""
    judging.refuse(SurveyRefused, survey, _of_survey(survey))


def save_survey(survey: Survey) -> Survey:
    """Save a new or changed survey; whom it is for and its questions are written after it. Raises SurveyRefused."""
    check_survey(survey)
    survey.save()
    return survey


def check_question(question: Question) -> None:
    """Refuse a question without options where one chooses, or with any elsewhere. Raises SurveyRefused."""
    # The survey may be as new as the question.
    judging.refuse(SurveyRefused, question, _of_question(question), exclude={"survey"})


def check_asks(*, enabled: bool, questions: int) -> None:
    """Refuse a survey that is switched on and asks nothing. Raises SurveyRefused."""
    if enabled and not questions:
        raise SurveyRefused([Fault("", "启用前请至少添加一个问题")])


def save_questions(
    *, survey: Survey, changed: Sequence[Question] = (), removed: Sequence[Question] = ()
) -> None:
    """Write what a survey asks, all or nothing: ``changed`` are new and changed questions, ``removed`` go.

    Raises SurveyRefused; the database refuses to change what somebody answered.
    """
    with transaction.atomic():
        list(Survey.objects.select_for_update(no_key=True).filter(pk=survey.pk).values_list("pk"))
        for question in removed:
            question.delete()
        for question in changed:
            question.survey = survey
            check_question(question)
            question.save()
        check_asks(enabled=survey.enabled, questions=Question.objects.filter(survey=survey).count())


def _of_survey(survey: Survey) -> Iterator[Fault]:
    if survey.ends_at <= survey.starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")


def _of_question(question: Question) -> Iterator[Fault]:
    options, choice = question.options, question.kind in (Question.Kind.SINGLE, Question.Kind.SEVERAL)
    if choice and len(options) < 2:
        yield Fault("options", "单选和多选至少要有两个选项")
    elif not choice and options:
        yield Fault("options", "评分和文字题没有选项")
    if len(options) > MOST_OPTIONS:
        yield Fault("options", f"最多 {MOST_OPTIONS} 个选项")
    if len(set(options)) != len(options):
        yield Fault("options", "选项不能重复")
    if any(len(option) > LONGEST_OPTION for option in options):
        yield Fault("options", f"每个选项最多 {LONGEST_OPTION} 个字")


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
            raise SurveyNotOpen(details={"starts_at": survey.starts_at})
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
