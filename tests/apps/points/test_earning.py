"""Earning, clawing back, debt, expiry: each once per cause, all of it in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.outbox.models import Announcement
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.models import Account, Entry, Lot
from tests.apps.points import make
from tests.apps.points.make import DAY, NOW

pytestmark = pytest.mark.django_db


def test_the_same_cause_earns_once() -> None:
    owner = make.member()
    for _ in range(3):
        points.earn(member_id=owner.pk, amount=10, cause="review:5", at=NOW)
    assert make.standing(owner) == (10, 0)


@pytest.mark.parametrize("amount", [0, -1, 10**9 + 1])
def test_nobody_earns_or_loses_what_is_no_number_of_points(amount: int) -> None:
    owner = make.member(5)
    with pytest.raises(points.PointsInvalid):
        points.earn(member_id=owner.pk, amount=amount, cause="x", at=NOW)
    with pytest.raises(points.PointsInvalid):
        points.claw_back(member_id=owner.pk, amount=amount, cause="x", at=NOW)
    assert make.standing(owner) == (5, 0)


def test_what_cannot_be_clawed_back_is_a_debt_that_the_next_earning_pays() -> None:
    owner = make.member(60)

    points.claw_back(member_id=owner.pk, amount=100, cause="refund", at=NOW)
    points.claw_back(member_id=owner.pk, amount=100, cause="refund", at=NOW)
    assert make.standing(owner) == (0, 40)

    points.earn(member_id=owner.pk, amount=30, cause="first", at=NOW)
    assert make.standing(owner) == (0, 10)
    assert Lot.objects.filter(left__gt=0).count() == 0

    entry = points.earn(member_id=owner.pk, amount=25, cause="second", at=NOW)
    assert make.standing(owner) == (15, 0)
    assert entry is not None
    assert (entry.change, entry.debt_change, entry.points) == (15, -10, 25)


def test_points_that_come_back_from_a_closed_order_pay_the_debt_too() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 80)
    points.claw_back(member_id=owner.pk, amount=50, cause="refund", at=NOW)
    assert make.standing(owner) == (0, 30)

    make.release("SO1")

    assert make.standing(owner) == (50, 0)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"expiry": "NEVER"}, None),
        # The last instant of 31 December 2027 in Shanghai.
        ({"expiry": "END_OF_NEXT_YEAR"}, datetime(2027, 12, 31, 16, 0, tzinfo=UTC)),
        ({"expiry": "MONTHS", "expiry_months": 1}, datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),
        ({"expiry": "MONTHS", "expiry_months": 12}, datetime(2027, 1, 31, 16, 0, tzinfo=UTC)),
    ],
)
def test_points_live_as_long_as_the_rules_say(rule: dict[str, object], expected: datetime | None) -> None:
    make.rules(**rule)
    make.member(10, at=datetime(2026, 1, 31, 4, 0, tzinfo=UTC))
    assert Lot.objects.get().expires_at == expected


def test_without_rules_points_last_to_the_end_of_the_next_year() -> None:
    make.member(10)
    assert Lot.objects.get().expires_at == datetime(2027, 12, 31, 16, 0, tzinfo=UTC)


def test_the_sweep_expires_what_is_due_once() -> None:
    make.rules(expiry="MONTHS", expiry_months=1)
    owner = make.member(100)
    points.earn(member_id=owner.pk, amount=7, cause="later", at=NOW + 20 * DAY)

    assert points.expire_due(at=NOW + 40 * DAY) == 1
    assert points.expire_due(at=NOW + 40 * DAY) == 0

    assert make.standing(owner) == (7, 0)


def test_a_member_is_reminded_once_of_what_expires_within_a_week() -> None:
    make.rules(expiry="MONTHS", expiry_months=1, remind_days=7)
    owner = make.member(100)
    points.earn(member_id=owner.pk, amount=1, cause="same day", at=NOW)
    make.member(5, at=NOW + 30 * DAY)
    end = datetime(2026, 4, 2, 16, 0, tzinfo=UTC)

    assert points.remind_due(at=end - 8 * DAY) == 0
    assert points.remind_due(at=end - 6 * DAY) == 1
    assert points.remind_due(at=end - 5 * DAY) == 0

    news = Announcement.objects.get(kind="PointsExpiring")
    assert news.payload == {"member_id": owner.pk, "expires_at": "2026-04-02T16:00:00+00:00"}


def test_the_books_show_an_account_that_somebody_changed_by_hand() -> None:
    owner = make.member(100)
    Account.objects.filter(member=owner).update(balance=101)
    assert [(row.balance, row.booked, row.in_lots) for row in point_facts.unbalanced()] == [(101, 100, 100)]
    Account.objects.filter(member=owner).update(balance=100)
    Lot.objects.update(left=99)
    assert [(row.balance, row.booked, row.in_lots) for row in point_facts.unbalanced()] == [(100, 100, 99)]


def test_check_points_says_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import CommandError, call_command

    owner = make.member(100)
    call_command("check_points")
    assert (
        capsys.readouterr().out == "every account equals its ledger and its lots, every growth its ledger\n"
    )
    Account.objects.filter(member=owner).update(balance=101)
    with pytest.raises(CommandError, match="1 accounts or members differ from their ledger"):
        call_command("check_points")


def test_entries_are_listed_with_what_was_earned() -> None:
    owner = make.member(10)
    assert [entry.points for entry in point_facts.entries_of(owner)] == [10]
    assert Entry.objects.get().kind == "GRANT"
