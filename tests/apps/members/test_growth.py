"""Growth and levels: up at once, kept for a year, down by period, by refund or by hand, each with its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from apps.demo import levels as demo
from apps.members import standing
from apps.members.models import GrowthEntry, Level, LevelChange, Member
from apps.members.services import growth
from apps.outbox.models import Announcement
from mall.errors import NotFound
from tests.apps.members import make
from tests.apps.members.make import AT

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def levels() -> list[Level]:
    """Plain from 0, silver from 100, gold from 500."""
    return [
        make.level(name, rank=rank, growth_threshold=threshold)
        for rank, (name, threshold) in enumerate([("茶友", 0), ("银叶", 100), ("金叶", 500)])
    ]


@pytest.fixture
def owner(levels: list[Level]) -> Member:
    return make.member(level=levels[0])


def add(owner: Member, amount: int, cause: str, *, day: int = 0, counts_day: int | None = None) -> None:
    counts_at = None if counts_day is None else AT + counts_day * DAY
    growth.add(member_id=owner.pk, amount=amount, cause=cause, at=AT + day * DAY, counts_at=counts_at)


def level_of(owner: Member) -> str:
    owner.refresh_from_db()
    assert standing.unbalanced() == []
    assert owner.level is not None
    return owner.level.name


def history(owner: Member) -> list[tuple[str, str]]:
    return list(LevelChange.objects.filter(member=owner).order_by("id").values_list("why", "to_level__name"))


def test_the_threshold_reached_is_a_level_at_once(owner: Member) -> None:
    add(owner, 99, "a")
    assert level_of(owner) == "茶友"
    add(owner, 1, "b")
    assert level_of(owner) == "银叶"
    assert (owner.growth, owner.level_since, owner.level_valid_until) == (100, AT, AT + 365 * DAY)
    change = LevelChange.objects.get()
    assert Announcement.objects.get().payload == {"member_id": owner.pk, "level_change_id": change.pk}


def test_one_big_order_skips_a_level(owner: Member) -> None:
    add(owner, 700, "a")
    assert history(owner) == [("GROWTH", "金叶")]


def test_the_same_cause_counts_once(owner: Member) -> None:
    for _ in range(3):
        add(owner, 60, "a")
    assert (level_of(owner), owner.growth) == ("茶友", 60)


def test_a_level_that_is_earned_again_is_renewed_for_another_year(owner: Member) -> None:
    add(owner, 100, "a")
    add(owner, 100, "b", day=100)
    assert growth.review_due(at=AT + 364 * DAY) == 0
    assert growth.review_due(at=AT + 365 * DAY) == 1
    assert level_of(owner) == "银叶"
    assert owner.level_valid_until == AT + 730 * DAY
    assert history(owner) == [("GROWTH", "银叶")]


def test_a_level_that_is_not_earned_again_falls_to_what_the_period_earned(owner: Member) -> None:
    add(owner, 500, "a")
    add(owner, 120, "b", day=200)
    growth.review_due(at=AT + 365 * DAY)
    assert level_of(owner) == "银叶"
    growth.review_due(at=AT + 730 * DAY)
    assert level_of(owner) == "茶友"
    assert owner.level_valid_until is None
    assert growth.review_due(at=AT + 2000 * DAY) == 0
    assert history(owner) == [("GROWTH", "金叶"), ("PERIOD", "银叶"), ("PERIOD", "茶友")]


def test_growth_of_long_ago_does_not_lift_anybody_again(owner: Member) -> None:
    add(owner, 500, "a")
    growth.review_due(at=AT + 365 * DAY)
    add(owner, 1, "b", day=366)
    assert (level_of(owner), owner.growth) == ("茶友", 501)


def test_a_refund_takes_the_level_that_was_reached_only_with_it(owner: Member) -> None:
    add(owner, 20, "a")
    add(owner, 480, "order")
    assert level_of(owner) == "金叶"
    add(owner, -350, "refund", day=30, counts_day=0)
    assert (level_of(owner), owner.growth) == ("银叶", 150)
    assert history(owner)[-1] == ("REFUND", "银叶")


def test_a_refund_leaves_a_level_that_stands_without_it(owner: Member) -> None:
    add(owner, 100, "a")
    add(owner, 300, "b", day=100)
    add(owner, -300, "refund", day=150, counts_day=100)
    # In the second year the growth is below the threshold; the level still has its time.
    growth.review_due(at=AT + 364 * DAY)
    assert level_of(owner) == "银叶"


def test_a_refund_after_the_year_of_the_level_leaves_it_until_its_end(owner: Member) -> None:
    add(owner, 150, "a")
    add(owner, 20, "b", day=300)
    add(owner, -20, "refund", day=360, counts_day=300)
    assert level_of(owner) == "银叶"


def test_growth_never_falls_below_zero(owner: Member) -> None:
    add(owner, 10, "a")
    add(owner, -30, "refund")
    assert (level_of(owner), owner.growth) == ("茶友", 0)
    assert list(GrowthEntry.objects.order_by("id").values_list("change", flat=True)) == [10, -10]


def test_an_operator_sets_a_level_with_a_reason_that_stays_in_the_history(
    owner: Member, levels: list[Level], django_user_model: type[User]
) -> None:
    operator = django_user_model.objects.create_user("op")
    growth.set_by_hand(member_id=owner.pk, level_id=levels[2].pk, reason=" 老顾客 ", operator=operator, at=AT)
    assert level_of(owner) == "金叶"
    change = LevelChange.objects.get()
    assert (change.why, change.note, change.operator) == ("BY_HAND", "老顾客", operator)
    # It is not growth that reached it, so a refund does not take it; the year does.
    add(owner, 10, "a")
    add(owner, -10, "refund")
    assert level_of(owner) == "金叶"
    growth.review_due(at=AT + 365 * DAY)
    assert level_of(owner) == "茶友"


def test_no_level_is_set_without_a_reason_or_without_a_level(owner: Member, levels: list[Level]) -> None:
    with pytest.raises(growth.ReasonMissing):
        growth.set_by_hand(member_id=owner.pk, level_id=levels[2].pk, reason=" ", operator=None, at=AT)
    with pytest.raises(NotFound):
        growth.set_by_hand(member_id=owner.pk, level_id=0, reason="x", operator=None, at=AT)
    with pytest.raises(NotFound):
        growth.set_by_hand(member_id=0, level_id=levels[2].pk, reason="x", operator=None, at=AT)
    assert level_of(owner) == "茶友"


def test_what_is_missing_to_the_next_level_is_said(owner: Member) -> None:
    add(owner, 130, "a")
    owner.refresh_from_db()
    mine = standing.of_member(owner, at=AT)
    assert mine.level is not None
    assert mine.next_level is not None
    assert (mine.level.name, mine.growth, mine.next_level.name, mine.missing) == ("银叶", 130, "金叶", 370)


def test_history_and_ledger_cannot_be_changed(owner: Member) -> None:
    add(owner, 100, "a")
    for model in (GrowthEntry, LevelChange):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.all().delete()


def test_a_level_without_a_threshold_is_given_by_hand_only(owner: Member) -> None:
    make.level("荣誉", rank=9)
    add(owner, 10_000, "a")
    assert level_of(owner) == "金叶"
    assert standing.of_member(owner, at=AT).next_level is None


def test_the_demo_shop_has_four_levels_each_better_than_the_one_below() -> None:
    for _ in range(2):
        demo.fill()
    thresholds = list(Level.objects.order_by("rank").values_list("growth_threshold", flat=True))
    assert thresholds == [0, 1_000, 5_000, 20_000]
