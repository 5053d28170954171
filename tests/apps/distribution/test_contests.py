"""Contests: places by what is paid less refunds, rewards once and only when refunds had their time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from apps.distribution.models import Contest, Winner
from apps.distribution.services import leaderboard, promoters
from apps.distribution.services.leaderboard import ContestRefused, Won
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, NOW

pytestmark = pytest.mark.django_db


def contest(*prizes: Won, **columns) -> Contest:
    """A day's contest around now whose rewards wait for three days."""
    columns = {"title": "周榜", "starts_at": NOW - DAY, "ends_at": NOW + DAY, "wait_days": 3, **columns}
    return leaderboard.save_contest(Contest(**columns), prizes=prizes)


@pytest.fixture
def three():
    """Three promoters who brought 3000, 2000 and 1000, of which 1500 of the first one's went back."""
    make.set_rules()
    counter.freight(0)
    found, cup = [], counter.goods(500)
    for units in (6, 4, 2):
        promoter, buyer = make.promoter(), counter.buyer()
        make.bind(buyer[0], promoter)
        order = make.paid(buyer, [(cup, units)])
        found.append(promoter)
        if units == 6:
            make.refund(order, {cup: 3})
    return found


def test_the_places_count_what_was_kept_and_rewards_are_available_money_once(three):
    first, second, third = three
    contest(Won(1, 1, 50_00), Won(2, 3, 10_00))
    assert leaderboard.reward_due(at=NOW + 4 * DAY - timedelta(seconds=1)) == 0
    assert leaderboard.reward_due(at=NOW + 4 * DAY) == 1
    assert leaderboard.reward_due(at=NOW + 5 * DAY) == 0
    won = Winner.objects.order_by("place").values_list("promoter", "place", "amount_fen", "reward_fen")
    assert list(won) == [
        (second.pk, 1, 2000, 50_00),
        (first.pk, 2, 1500, 10_00),
        (third.pk, 3, 1000, 10_00),
    ]
    assert make.money(second) == {"pending": 200, "available": 50_00}
    call_command("check_commissions")


def test_a_reward_pays_the_debt_first(three):
    make.owe(three[1], 20_00)
    contest(Won(1, 1, 50_00))
    leaderboard.reward_due(at=NOW + 4 * DAY)
    assert make.money(three[1]) == {"pending": 200, "available": 30_00}


def test_who_is_suspended_is_on_no_board(three):
    promoters.move(promoter_id=three[1].pk, move="suspend", at=NOW)
    contest(Won(1, 1, 50_00))
    leaderboard.reward_due(at=NOW + 4 * DAY)
    assert Winner.objects.get().promoter == three[0]


def test_a_contest_that_is_switched_off_rewards_nobody(three):
    contest(Won(1, 1, 50_00), enabled=False)
    assert leaderboard.reward_due(at=NOW + 9 * DAY) == 0


@pytest.mark.parametrize(
    ("prizes", "field"),
    [
        ([], "prizes"),
        ([Won(0, 1, 100)], "prizes"),
        ([Won(3, 2, 100)], "prizes"),
        ([Won(1, 101, 100)], "prizes"),
        ([Won(1, 3, 100), Won(3, 4, 50)], "prizes"),
    ],
)
def test_prizes_that_make_no_sense_are_refused_and_nothing_is_saved(prizes, field):
    with pytest.raises(ContestRefused) as refused:
        contest(*prizes)
    assert [fault.field for fault in refused.value.faults] == [field]
    assert Contest.objects.count() == 0


def test_what_was_rewarded_is_not_changed_any_more(three):
    row = contest(Won(1, 1, 50_00))
    leaderboard.reward_due(at=NOW + 4 * DAY)
    row.refresh_from_db()
    with pytest.raises(ContestRefused):
        leaderboard.save_contest(row, prizes=[Won(1, 1, 1)])
