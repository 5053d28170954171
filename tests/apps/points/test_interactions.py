"""Check-ins with their streaks, rewards by rule, birthday gifts: each once, on Shanghai days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.members.models import Member
from apps.members.services import consents, profile
from apps.outbox import services as outbox
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.models import CheckIn, Entry
from apps.points.states import Interaction
from tests.apps.members import make as members
from tests.apps.pictures import make as pictures
from tests.apps.points import make
from tests.apps.points.make import DAY, NOW
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def check_in(owner: Member, day: int) -> tuple[int, int]:
    row = points.check_in(member_id=owner.pk, at=NOW + day * DAY)
    return row.streak, row.points


def test_seven_days_in_a_row_bring_the_bonus_and_the_eighth_goes_on() -> None:
    owner = make.member()
    assert [check_in(owner, day) for day in range(8)] == [
        *[(streak, 1) for streak in range(1, 7)],
        (7, 11),
        (8, 1),
    ]
    assert make.standing(owner) == (18, 0)


def test_the_second_time_on_a_day_answers_the_first() -> None:
    owner = make.member()
    assert check_in(owner, 0) == check_in(owner, 0) == (1, 1)
    assert make.standing(owner) == (1, 0)


def test_a_missed_day_begins_anew() -> None:
    owner = make.member()
    assert [check_in(owner, day)[0] for day in (0, 1, 2, 4, 5)] == [1, 2, 3, 1, 2]


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    owner = make.member()
    for minute in (59, 60):  # 23:59 on the 2nd and 0:00 on the 3rd
        points.check_in(
            member_id=owner.pk, at=datetime(2026, 3, 2, 15 + minute // 60, minute % 60, tzinfo=UTC)
        )
    assert list(CheckIn.objects.order_by("on").values_list("on", "streak")) == [
        (date(2026, 3, 2), 1),
        (date(2026, 3, 3), 2),
    ]


def test_the_calendar_shows_the_month_and_what_is_missing_to_the_bonus() -> None:
    owner = make.member()
    for day in (-2, 0, 1):
        check_in(owner, day)

    def seen(day: int) -> tuple[list[int], bool, int, int]:
        month = point_facts.calendar_of(
            owner, first=date(2026, 3, 1), after=date(2026, 4, 1), at=NOW + day * DAY
        )
        return (
            [found.day for found in month.days],
            month.checked_in_today,
            month.streak,
            month.days_to_bonus,
        )

    assert seen(1) == ([2, 3], True, 2, 5)
    assert seen(2) == ([2, 3], False, 2, 5)
    assert seen(3) == ([2, 3], False, 0, 7)


def reward(owner: Member, subject: str, *, day: int = 0, kind: Interaction = Interaction.REVIEW) -> bool:
    entry = points.reward(member_id=owner.pk, interaction=kind, subject=subject, at=NOW + day * DAY)
    return entry is not None


def test_reviews_are_rewarded_up_to_the_cap_of_a_day_and_each_once() -> None:
    make.interaction("REVIEW", 10, growth=2, daily_cap=2)
    owner = make.member()
    assert [reward(owner, subject) for subject in ("1", "1", "2", "3")] == [True, False, True, False]
    assert [reward(owner, subject, day=1) for subject in ("1", "3")] == [False, True]
    owner.refresh_from_db()
    assert (make.standing(owner), owner.growth) == ((30, 0), 6)


def test_without_a_rule_or_with_one_switched_off_nothing_is_given() -> None:
    owner = make.member()
    assert not reward(owner, "1")
    make.interaction("REVIEW", 10, enabled=False)
    assert not reward(owner, "1")
    assert not Entry.objects.exists()


def test_a_survey_that_counts_once_counts_once() -> None:
    make.interaction("SURVEY", 20, once=True)
    owner = make.member()
    assert [reward(owner, subject, kind=Interaction.SURVEY) for subject in ("a", "b")] == [True, False]


def test_a_profile_that_becomes_complete_is_rewarded_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    make.interaction("PROFILE", 50, once=True)
    owner = make.member(nickname="", phone="13800000000")
    shopper = Shopper(members.access_token(owner))
    at = datetime.now(tz=UTC)

    shopper.call("PATCH", "/me", {"nickname": "小茶"})
    outbox.deliver_due(at=at + DAY)
    assert not Entry.objects.exists()

    members.privacy()
    consents.give(member=owner, document="privacy", version="1.0", at=at)
    for color in ("red", "blue"):
        profile.wear(member=owner, content=pictures.picture(color=color), at=at)
    shopper.call("PATCH", "/me", {"avatar_url": ""})
    profile.wear(member=owner, content=pictures.picture(), at=at)
    outbox.deliver_due(at=at + DAY)
    assert make.standing(owner) == (50, 0)


def test_who_has_the_birthday_gift_costs_the_later_rings_nothing() -> None:
    level = members.level("银叶会员", birthday_points=88)

    def statements_of_a_later_ring(more: int) -> int:
        for _ in range(more):
            make.member(level=level, birthday=date(1990, 3, 2))
        assert points.give_birthday_gifts(at=NOW) == more
        with CaptureQueriesContext(connection) as asked:
            assert points.give_birthday_gifts(at=NOW) == 0
        return len(asked)

    assert statements_of_a_later_ring(1) == statements_of_a_later_ring(8)


def test_a_birthday_brings_the_gift_of_the_level_once_a_year() -> None:
    silver = members.level("银叶会员", birthday_points=88)
    plain = members.level("茶友", rank=0)
    born = date(1990, 3, 2)
    lucky = make.member(level=silver, birthday=born)
    for other in ({"level": plain}, {"level": None}, {"level": silver, "disabled_at": NOW}):
        make.member(birthday=born, **other)

    assert [points.give_birthday_gifts(at=NOW + day * DAY) for day in (-1, 0, 0, 2, 4, 365)] == [
        0,
        1,
        0,
        0,
        0,
        1,
    ]
    assert make.standing(lucky) == (176, 0)


def test_a_clock_that_stood_still_over_new_year_still_brings_the_gift_of_the_old_year() -> None:
    owner = make.member(level=members.level("银叶会员", birthday_points=88), birthday=date(1990, 12, 31))
    points.give_birthday_gifts(at=datetime(2027, 1, 2, 4, 0, tzinfo=UTC))
    assert Entry.objects.get(account__member=owner).business_key == "birthday:2026"


@pytest.mark.parametrize(("year", "day", "gifts"), [(2027, 28, 1), (2028, 28, 0), (2028, 29, 1)])
def test_who_was_born_on_29_february_has_a_birthday_every_year(year: int, day: int, gifts: int) -> None:
    make.member(level=members.level("银叶会员", birthday_points=88), birthday=date(2000, 2, 29))
    assert points.give_birthday_gifts(at=datetime(year, 2, day, 4, 0, tzinfo=UTC)) == gifts
