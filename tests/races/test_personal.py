"""Copies and erasures asked for and carried out at the same moment. Real threads on real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.base import personal
from apps.members.models import ErasureRequest, ExportRequest, Member
from apps.members.services import erasures, exports
from tests.apps.members import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WEEK = timedelta(days=7)
MADE: list[int] = []


def _count(person: personal.Person) -> dict[str, personal.Table]:
    MADE.append(person.member_id)
    return {}


COUNTING = [personal.Room(name="counting", holdings=(), export=_count)]


def test_asked_eight_times_at_once_it_is_one_file_and_one_erasure() -> None:
    member = make.member()

    def ask(service: Callable[..., object]) -> Callable[[], str]:
        return lambda: "asked" if service(member=member, at=make.AT) else ""

    calls = [*[ask(exports.ask)] * 4, *[ask(erasures.ask)] * 4]
    assert all_answers(calls) == {"asked": 8}
    assert (ExportRequest.objects.count(), ErasureRequest.objects.count()) == (1, 1)


def test_two_sweeps_at_once_make_each_file_once(settings: object) -> None:
    settings.PERSONAL_BOARD = "tests.races.test_personal.COUNTING"  # type: ignore[attr-defined]
    MADE.clear()
    members = [make.member() for _ in range(6)]
    for member in members:
        exports.ask(member=member, at=make.AT)
    all_answers([lambda: str(exports.make_due(at=make.AT))] * 2)
    assert sorted(MADE) == sorted(member.pk for member in members)
    assert set(ExportRequest.objects.values_list("status", "attempts")) == {("READY", 1)}


def test_taken_back_while_it_is_carried_out_it_is_one_or_the_other_and_nothing_waits_for_ever() -> None:
    late = make.AT + WEEK + timedelta(minutes=2)
    for _ in range(5):
        member = make.member()
        erasures.ask(member=member, at=make.AT)
        erasures.carry_out_due(at=make.AT + WEEK)

        def take_back(member: Member = member) -> str:
            erasures.take_back(member=member, at=late)
            return "taken back"

        answers = all_answers([take_back, lambda: str(erasures.carry_out_due(at=late))])
        left = Member.objects.get(pk=member.pk)
        ended = ErasureRequest.objects.get(member=member).status
        if "taken back" in answers:
            assert (ended, left.erased_at, left.disabled_at) == ("TAKEN_BACK", None, None)
        else:
            assert answers["erasure_not_waiting"] == 1
            assert (ended, left.erased_at) == ("DONE", late)
