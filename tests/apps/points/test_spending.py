"""Points of an order: held, spent, given back; the earliest to expire first, never below zero."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.models import Account, Entry, Lot
from tests.apps.points import make
from tests.apps.points.make import DAY, NOW

pytestmark = pytest.mark.django_db


def lots() -> list[tuple[int, int]]:
    return list(Lot.objects.order_by("id").values_list("amount", "left"))


def test_held_points_leave_the_balance_and_come_back_when_the_order_is_closed() -> None:
    owner = make.member(100)

    make.hold(owner, "SO1", 60)
    assert make.standing(owner) == (40, 0)

    make.release("SO1")
    make.release("SO1")
    assert make.standing(owner) == (100, 0)
    assert list(Entry.objects.order_by("id").values_list("kind", "change")) == [
        ("GRANT", 100),
        ("HOLD", -60),
        ("RELEASE", 60),
    ]


def test_paid_points_are_spent_and_cannot_be_released() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 60)
    make.commit("SO1")
    make.commit("SO1")

    with pytest.raises(points.PointsConflict):
        make.release("SO1")

    assert make.standing(owner) == (40, 0)


def test_a_payment_for_a_closed_order_finds_its_points_gone() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 60)
    make.release("SO1")

    with pytest.raises(points.PointsGone):
        make.commit("SO1")
    with pytest.raises(points.PointsConflict):
        make.hold(owner, "SO1", 60)


def test_more_than_there_is_is_refused_with_both_figures() -> None:
    owner = make.member(100)

    with pytest.raises(points.NotEnoughPoints) as refused:
        make.hold(owner, "SO1", 101)

    assert refused.value.details == {"wanted": 101, "balance": 100}
    assert make.standing(owner) == (100, 0)


@pytest.mark.parametrize("amount", [0, -5, 10**9 + 1])
def test_no_order_holds_a_number_that_is_none(amount: int) -> None:
    owner = make.member(100)
    with pytest.raises(points.PointsInvalid):
        make.hold(owner, "SO1", amount)


def test_holding_again_changes_nothing_and_holding_otherwise_is_a_conflict() -> None:
    owner, stranger = make.member(100), make.member(100)
    make.hold(owner, "SO1", 60)
    make.hold(owner, "SO1", 60)
    assert make.standing(owner) == (40, 0)

    with pytest.raises(points.PointsConflict):
        make.hold(owner, "SO1", 61)
    with pytest.raises(points.PointsConflict):
        make.hold(stranger, "SO1", 60)


def test_an_order_without_points_may_be_committed_released_and_restored() -> None:
    make.commit("SO9")
    make.release("SO9")
    make.restore("SO9")
    assert not Entry.objects.exists()


def test_the_lot_that_expires_first_is_spent_first_and_filled_last() -> None:
    owner = make.member()
    for months, cause in [(3, "late"), (1, "early"), (2, "middle")]:
        make.rules(expiry="MONTHS", expiry_months=months)
        points.earn(member_id=owner.pk, amount=10, cause=cause, at=NOW)

    make.hold(owner, "SO1", 15)
    assert lots() == [(10, 10), (10, 0), (10, 5)]

    make.commit("SO1")
    make.restore("SO1", 7, "RF1")
    assert lots() == [(10, 10), (10, 2), (10, 10)]
    make.restore("SO1", 7, "RF1")
    make.restore("SO1")
    assert lots() == [(10, 10), (10, 10), (10, 10)]
    assert make.standing(owner) == (30, 0)


def test_no_more_comes_back_than_was_spent() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 60)
    with pytest.raises(points.PointsConflict):
        make.restore("SO1", 10, "RF0")
    make.commit("SO1")
    make.restore("SO1", 50, "RF1")

    with pytest.raises(points.PointsConflict):
        make.restore("SO1", 11, "RF2")

    assert make.standing(owner) == (90, 0)


def test_what_comes_back_to_an_expired_lot_is_not_spendable_and_expires_under_a_row_of_its_own() -> None:
    make.rules(expiry="MONTHS", expiry_months=1)
    owner = make.member(100)
    make.hold(owner, "SO1", 60)
    later = NOW + 40 * DAY

    make.release("SO1", at=later)

    assert point_facts.balance_of(owner, at=later) == 0
    points.expire_due(at=later)
    assert make.standing(owner) == (0, 0)
    assert list(Entry.objects.filter(kind="EXPIRE").values_list("change", flat=True)) == [-60, -40]


def test_points_past_their_end_cannot_be_spent_even_before_the_sweep() -> None:
    make.rules(expiry="MONTHS", expiry_months=1)
    owner = make.member(100)
    # Earned on 2 March at noon: the last day is 2 April, in Shanghai.
    end = datetime(2026, 4, 2, 16, 0, tzinfo=UTC)

    assert point_facts.balance_of(owner, at=end - DAY / 86_400) == 100
    assert point_facts.balance_of(owner, at=end) == 0
    with pytest.raises(points.NotEnoughPoints):
        make.hold(owner, "SO1", 1, at=end)


def test_the_database_itself_refuses_a_debt_beside_a_balance_and_a_changed_ledger() -> None:
    owner = make.member(100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(member=owner).update(balance=-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(member=owner).update(debt=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.update(change=5)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM points_entry")
    assert make.standing(owner) == (100, 0)
