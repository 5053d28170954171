"""What can be read about surveys: those open to a member, and what was answered, in figures and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Sum

from apps.members.models import Member
from apps.support.models import Answer, Question, Response, Survey
from mall import money
from mall.errors import NotFound


@dataclass(frozen=True, slots=True)
class OptionCount:
    """An option, how often it was chosen, and in how many of the question's answers, in basis points."""

    text: str
    count: int
    share_bp: int

    @property
    def percent(self) -> int:
        """The share in whole percent, rounded half up, for eyes."""
        return (self.share_bp + 50) // 100


@dataclass(frozen=True, slots=True)
class Result:
    """What was answered to a question; ``average_tenths`` is of ratings, 43 is 4.3, rounded half up."""

    question: Question
    count: int
    options: list[OptionCount]
    average_tenths: int | None


def for_member(member: Member) -> QuerySet[Survey]:
    """The surveys that are meant for a member, open or not, with ``answered``; questions come with them."""
    everybody = Q(levels__isnull=True)
    theirs = Q(levels=member.level_id) if member.level_id else Q(pk__in=[])
    meant = Survey.objects.filter(everybody | theirs, enabled=True).values("pk")
    mine = Response.objects.filter(survey=OuterRef("pk"), member=member)
    return Survey.objects.filter(pk__in=meant).annotate(answered=Exists(mine)).prefetch_related("questions")


def open_to(*, member: Member, at: datetime) -> QuerySet[Survey]:
    """Those of them that may be answered at this moment, answered ones too."""
    return for_member(member).filter(starts_at__lte=at, ends_at__gt=at)


def of_member(*, member: Member, survey_id: int) -> Survey:
    """One survey that is meant for a member. Raises NotFound for any other."""
    survey = for_member(member).filter(pk=survey_id).first()
    if survey is None:
        raise NotFound
    return survey


def results(survey: Survey) -> list[Result]:
    """What was answered to each question: three statements, whatever the number of answers."""
    questions = list(survey.questions.all())
    answers = Answer.objects.filter(question__in=questions).order_by()
    totals = {
        question_id: (count, stars)
        for question_id, count, stars in answers.values("question_id")
        .annotate(count=Count("id"), stars=Sum("rating"))
        .values_list("question_id", "count", "stars")
    }
    chosen = {
        (question_id, choice): count
        for question_id, choice, count in answers.annotate(
            choice=Func(F("choices"), function="unnest", output_field=IntegerField())
        )
        .values("question_id", "choice")
        .annotate(count=Count("id"))
        .values_list("question_id", "choice", "count")
    }
    found = []
    for question in questions:
        count, stars = totals.get(question.pk, (0, None))
        options = [
            _option(text, chosen.get((question.pk, place), 0), of=count)
            for place, text in enumerate(question.options, start=1)
        ]
        average = (20 * stars + count) // (2 * count) if stars is not None else None
        found.append(Result(question, count, options, average))
    return found


def texts(question: Question) -> QuerySet[Answer]:
    """What was written to a question, newest first."""
    return Answer.objects.filter(question=question).exclude(text="").order_by("-id")


def rows_of(survey: Survey, *, chunk: int = 500) -> Iterator[tuple[Response, dict[int, Answer]]]:
    """Every response, oldest first, with its answers by question; some hundred at a time."""
    last = 0
    while True:
        responses = list(
            Response.objects.filter(survey=survey, pk__gt=last)
            .order_by("pk")
            .prefetch_related("answers")[:chunk]
        )
        if not responses:
            return
        last = responses[-1].pk
        for response in responses:
            yield response, {answer.question_id: answer for answer in response.answers.all()}


def _option(text: str, count: int, *, of: int) -> OptionCount:
    return OptionCount(text, count, money.part_bp(count, of=of) if of else 0)
