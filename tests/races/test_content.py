"""Reviews and surveys under real threads: a line is reviewed once, a survey answered once, a question stands still."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.content import services as reviews
from apps.content.models import Picture, Review, ReviewRules
from apps.members.services import consents
from apps.members.services.uploads import PictureInProgress
from apps.pictures.drawing import PicturesBusy
from apps.support import services as surveys
from apps.support.models import Answer, Question, Response
from tests.apps.content import make
from tests.apps.content.make import NOW
from tests.apps.support import make as asked
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_a_line_that_is_reviewed_five_times_at_once_has_one_review() -> None:
    order = make.order(make.member())
    draft = make.draft(order)

    def write() -> object:
        return reviews.write(member=order.member, order_no=order.order_no, drafts=[draft], at=NOW)

    assert at_once([write] * 5) == {"done": 1, "AlreadyReviewed": 4}
    assert Review.objects.count() == 1


def test_without_the_constraint_all_five_would_have_found_no_review() -> None:
    order = make.order(make.member())
    line = order.lines.get()
    gate = threading.Barrier(5)

    def look() -> None:
        found = Review.objects.filter(line=line).exists()
        gate.wait()
        if found:
            raise reviews.AlreadyReviewed

    assert at_once([look] * 5) == {"done": 5}


def test_one_picture_goes_with_one_of_five_reviews() -> None:
    member = make.member()
    picture = make.picture(member)
    orders = [make.order(member) for _ in range(5)]

    def write(order: Any) -> Any:
        draft = make.draft(order, pictures=(picture.public_id,))
        return lambda: reviews.write(member=member, order_no=order.order_no, drafts=[draft], at=NOW)

    assert at_once(map(write, orders)) == {"done": 1, "NotFound": 4}
    assert Picture.objects.get().review == Review.objects.get()


def test_of_five_pictures_at_once_the_day_takes_two() -> None:
    ReviewRules.objects.create(pk=1, pictures_per_day=2)
    member = make.member()

    def upload() -> str:
        # As a client does that is told when to come again.
        while True:
            try:
                make.picture(member)
                return "kept"
            except (PicturesBusy, PictureInProgress) as told:
                threading.Event().wait(told.details["retry_after"] / 10)

    assert all_answers([upload] * 5) == {"kept": 2, "too_many_pictures": 3}


def test_a_survey_that_is_answered_five_times_at_once_has_one_response() -> None:
    survey, member = asked.survey(), make.member()
    said = asked.said(survey)

    def answer() -> object:
        return surveys.answer(member=member, survey_id=survey.pk, said=said, at=NOW)

    assert at_once([answer] * 5) == {"done": 1, "AlreadyAnswered": 4}
    assert (Response.objects.count(), Answer.objects.count()) == (1, 3)


def test_an_answer_and_a_change_of_the_question_come_one_after_the_other() -> None:
    survey, member = asked.survey(), make.member()
    said = asked.said(survey)
    answered, changed = threading.Event(), threading.Event()
    outcome: list[str] = []

    def change() -> None:
        try:
            answered.wait(10)
            with transaction.atomic():
                Question.objects.filter(survey=survey, kind="TEXT").update(text="别的问题")
            outcome.append("changed")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connection.close()
            changed.set()

    thread = threading.Thread(target=change)
    thread.start()
    with transaction.atomic():
        surveys.answer(member=member, survey_id=survey.pk, said=said, at=NOW)
        answered.set()
        # The change waits for the survey's row, which the response refers to.
        assert not changed.wait(0.5)
    thread.join(10)
    assert outcome == ["refused"]


def test_a_review_that_is_written_while_consent_is_taken_back_is_erased_or_refused() -> None:
    member = make.member()
    order = make.order(member)
    draft = make.draft(order)

    def write() -> object:
        return reviews.write(member=member, order_no=order.order_no, drafts=[draft], at=NOW)

    def withdraw() -> None:
        consents.withdraw(member=member, document="privacy", at=NOW)

    ended = at_once([write, withdraw])
    assert ended["done"] + ended["ConsentRequired"] == 2
    # What the news of the withdrawal finds is everything that was written.
    reviews.erase_of_member(member_id=member.pk, at=NOW)
    assert Review.objects.exclude(status="ERASED").count() == 0
