"""Journeys under real threads on PostgreSQL: sweeps side by side, two pieces of news, an end while members walk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import QuerySet

from apps.coupons.models import Coupon, Template
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.models import Journey, Participation, StaffTask, StepRecord
from apps.messaging.models import Message
from apps.points.models import Account
from tests.apps.coupons import make as coupons
from tests.apps.journeys import make
from tests.apps.journeys.make import AT, HOUR, branch, give, message, wait
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MEMBERS = 30
ROUNDS = 6


def _walked() -> Journey:
    """A journey that does one thing of each kind, with members who are due."""
    ticket = coupons.template(quota=MEMBERS - 3)
    steps = [message(), {"is": "coupon", "template": ticket.pk}, give(), {"is": "task", "text": "致电"}]
    row = make.live(make.event(), *steps, branch("ordered", no=[give(7)]))
    for number in range(MEMBERS):
        make.come(make.member(f"客{number}"), subject=f"SO{number}")
    return row


def _moves(row: Journey) -> Callable[[], object]:
    return lambda: journeys.move_some(journey_id=row.pk, at=AT, limit=12)


def test_sweeps_side_by_side_do_each_thing_once() -> None:
    row = _walked()
    for _ in range(4):
        assert set(at_once([_moves(row)] * 4)) == {"done"}
    journeys.move_due(at=AT)
    assert set(Participation.objects.values_list("status", flat=True)) == {"FINISHED"}
    assert StepRecord.objects.count() == MEMBERS * 6
    assert (Message.objects.count(), StaffTask.objects.count()) == (MEMBERS, MEMBERS)
    assert set(Account.objects.values_list("balance", flat=True)) == {12}
    assert (Coupon.objects.count(), Template.objects.get().issued) == (MEMBERS - 3, MEMBERS - 3)
    assert list(journey_facts.misdone()) == []


def test_without_the_lock_sweeps_come_into_each_others_way(monkeypatch: pytest.MonkeyPatch) -> None:
    row = _walked()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self.all())
    assert set(at_once([_moves(row)] * 4)) != {"done"}
    # Their keys are the second line: even so nothing was done twice.
    assert (
        StepRecord.objects.values("participation", "step", "outcome").distinct().count()
        == StepRecord.objects.count()
    )
    assert Message.objects.count() <= MEMBERS


def test_searches_side_by_side_let_each_member_in_once() -> None:
    row = make.live({"is": "calendar", "at": (AT + HOUR).isoformat()}, wait(60), give())
    for number in range(MEMBERS):
        make.member(f"客{number}")

    def search() -> str:
        journeys.enter_due(at=AT + HOUR)
        return "done"

    assert all_answers([search] * 4) == {"done": 4}
    assert Participation.objects.filter(journey=row).count() == MEMBERS


def test_two_pieces_of_news_at_once_let_a_member_in_once() -> None:
    make.live(make.event(), wait(60), give(), again_days=0)
    for _ in range(ROUNDS):
        owner = make.member()
        calls = [
            lambda owner=owner, number=number: journeys.on_news(  # type: ignore[misc]  # bound now
                name="OrderReceived", member_id=owner.pk, subject=f"SO{number}", at=AT
            )
            for number in range(4)
        ]
        assert at_once(calls) == {"done": 4}
        assert Participation.objects.filter(member=owner).count() == 1


def test_a_journey_that_ends_while_members_walk_leaves_nobody_on_the_way() -> None:
    row = _walked()

    def end() -> str:
        journeys.end(journey_id=row.pk, at=AT)
        return "ended"

    def sweep() -> str:
        journeys.move_due(at=AT)
        return "swept"

    assert all_answers([sweep, end, sweep]) == {"swept": 2, "ended": 1}
    assert not Participation.objects.filter(status="WALKING").exists()
    assert not StaffTask.objects.filter(status="OPEN", participation__exit="ENDED").exists()
