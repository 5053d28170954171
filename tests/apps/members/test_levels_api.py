"""Levels as a shopper sees them, and the birthday that they tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.members.models import Member
from apps.members.services import birthday, consents, growth
from tests.apps.members import make
from tests.apps.members.make import AT
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
Open = Callable[[Member], Shopper]


def test_all_levels_mine_and_what_is_missing_to_the_next(shopper_of: Open) -> None:
    plain = make.level("茶友", rank=1)
    make.level("银叶", rank=2, growth_threshold=1_000, points_multiplier_bp=12_000, birthday_points=100)
    owner = make.member(level=plain)
    growth.add(member_id=owner.pk, amount=640, cause="x", at=datetime.now(tz=UTC))

    shown = shopper_of(owner).call("GET", "/levels").json()

    assert [level["name"] for level in shown["results"]] == ["茶友", "银叶"]
    assert shown["results"][1] == {
        "name": "银叶",
        "rank": 2,
        "growth_threshold": 1_000,
        "discount_bp": 10_000,
        "points_multiplier_bp": 12_000,
        "free_postage": False,
        "birthday_points": 100,
        "early_access_minutes": 0,
        "service_queue": False,
    }
    assert shown["mine"] == {
        "name": "茶友",
        "rank": 1,
        "growth": 640,
        "valid_until": None,
        "next_level": {"name": "银叶", "rank": 2, "missing_growth": 360},
    }


def test_the_highest_level_has_no_next_and_nobody_needs_a_level(shopper_of: Open) -> None:
    assert shopper_of(make.member()).call("GET", "/levels").json()["mine"]["name"] is None
    owner = make.member(level=make.level())
    assert shopper_of(owner).call("GET", "/levels").json()["mine"]["next_level"] is None


def test_levels_are_for_members(anyone: Shopper) -> None:
    assert anyone.call("GET", "/levels").status_code == 401
    assert anyone.call("PUT", "/me/birthday", {"birthday": "1990-05-20"}).status_code == 401


@pytest.fixture
def agreed() -> Member:
    owner = make.member()
    make.privacy("1.0")
    consents.give(member=owner, document="privacy", version="1.0", at=AT)
    return owner


def test_a_birthday_is_told_after_consent_only(shopper_of: Open) -> None:
    make.privacy("1.0")
    owner = make.member()
    answer = shopper_of(owner).call("PUT", "/me/birthday", {"birthday": "1990-05-20"})
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
    owner.refresh_from_db()
    assert owner.birthday is None


def test_a_birthday_is_told_once_a_year(shopper_of: Open, agreed: Member) -> None:
    shopper = shopper_of(agreed)
    for _ in range(2):
        answer = shopper.call("PUT", "/me/birthday", {"birthday": "1990-05-20"})
        assert (answer.status_code, answer.json()) == (200, {"birthday": "1990-05-20"})
    assert shopper.call("GET", "/me").json()["birthday"] == "1990-05-20"
    other = shopper.call("PUT", "/me/birthday", {"birthday": "1990-05-21"})
    assert (other.status_code, other.json()["code"]) == (409, "birthday_set_lately")


def test_after_a_year_it_can_be_corrected(agreed: Member) -> None:
    birthday.record(member_id=agreed.pk, birthday=date(1990, 5, 20), at=AT)
    with pytest.raises(birthday.BirthdaySetLately):
        birthday.record(member_id=agreed.pk, birthday=date(1990, 5, 21), at=AT + timedelta(days=364))
    birthday.record(member_id=agreed.pk, birthday=date(1990, 5, 21), at=AT + timedelta(days=365))


def test_consent_taken_back_deletes_the_birthday_and_opens_no_second_one(agreed: Member) -> None:
    birthday.record(member_id=agreed.pk, birthday=date(1990, 5, 20), at=AT)
    consents.withdraw(member=agreed, document="privacy", at=AT)
    agreed.refresh_from_db()
    assert agreed.birthday is None
    consents.give(member=agreed, document="privacy", version="1.0", at=AT)
    with pytest.raises(birthday.BirthdaySetLately):
        birthday.record(member_id=agreed.pk, birthday=date(1990, 5, 21), at=AT)


@pytest.mark.parametrize(
    "said",
    [
        *("", "20.5.1990", "1990-13-01", "1990-02-30", "２０００-01-01", "2999-01-01", "1899-12-31"),
        *(19900520, None, True, [], {}, "1990-05-20T00:00:00", "1990-05-20T"),
    ],
)
def test_what_is_no_birthday_is_refused(shopper_of: Open, agreed: Member, said: Any) -> None:
    answer = shopper_of(agreed).call("PUT", "/me/birthday", {"birthday": said})
    assert (answer.status_code, answer.json()["code"]) in [(400, "invalid"), (400, "birthday_invalid")]
