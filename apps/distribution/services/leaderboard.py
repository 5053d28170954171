"""Contests: when one is over and has waited for refunds, its first places get their rewards, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from apps.base import judging
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Contest, Prize, Winner
from apps.distribution.services import ledger
from apps.distribution.states import EntryKind
from mall.errors import Fault, Faulty

_LONGEST_WAIT: Final = 90
_MOST_PLACES: Final = 100


class ContestRefused(Faulty):
    """A contest that no shop can mean, or whose rewards are booked; ``faults`` say where."""

    code = "contest_refused"


class Won(NamedTuple):
    """What each of some places wins, in fen."""

    first_place: int
    last_place: int
    reward_fen: int


def prizes_of(contest: Contest) -> list[Won]:
    """What the places of a contest win, the first ones first."""
    rows = contest.prizes.order_by("first_place")
    return [Won(*row) for row in rows.values_list("first_place", "last_place", "reward_fen")]


def check_contest(contest: Contest, *, prizes: Sequence[Won]) -> None:
    """Hold a contest and its prizes against their rules. Raises ContestRefused."""
    judging.refuse(ContestRefused, contest, _of_contest(contest, prizes))


def save_contest(contest: Contest, *, prizes: Sequence[Won]) -> Contest:
    """Save a contest whose rewards are not booked yet, with these prizes and no others. Raises ContestRefused."""
    with transaction.atomic():
        before = Contest.objects.select_for_update(no_key=True).filter(pk=contest.pk).first()
        contest.rewarded_at = before.rewarded_at if before else None
        check_contest(contest, prizes=prizes)
        contest.save()
        contest.prizes.all().delete()
        Prize.objects.bulk_create(Prize(contest=contest, **prize._asdict()) for prize in prizes)
    return contest


def reward_due(*, at: datetime) -> int:
    """Book the rewards of contests that are over and have waited, one transaction each; return how many contests."""
    done = 0
    for contest in list(promoter_facts.contests_to_reward(at=at)):
        if at >= contest.ends_at + timedelta(days=contest.wait_days):
            done += _reward(contest.pk, at=at)
    return done


@transaction.atomic
def _reward(contest_id: int, *, at: datetime) -> int:
    """Write the winners and book what they won; 0 where another process did."""
    contest = Contest.objects.select_for_update(no_key=True).get(pk=contest_id)
    if contest.rewarded_at is not None or not contest.enabled:
        return 0
    prizes = prizes_of(contest)
    most = max((prize.last_place for prize in prizes), default=0)
    places = promoter_facts.board(since=contest.starts_at, until=contest.ends_at, most=most)
    accounts = ledger.locked_many(promoter_ids=[place.promoter.pk for place in places])
    for place in places:
        reward_fen = _prize_fen(prizes, place.place)
        if not reward_fen:
            continue
        Winner.objects.create(
            contest=contest,
            promoter=place.promoter,
            place=place.place,
            orders=place.orders,
            amount_fen=place.amount_fen,
            reward_fen=reward_fen,
        )
        account = accounts[place.promoter.pk]
        ledger.book(
            account,
            ledger.income(account, amount_fen=reward_fen),
            kind=EntryKind.REWARD,
            business_key=f"contest:{contest.pk}",
            reason=f"{contest.title}第 {place.place} 名",
            at=at,
        )
    Contest.objects.filter(pk=contest.pk).update(rewarded_at=at)
    return 1


def _prize_fen(prizes: Sequence[Won], place: int) -> int:
    return next((prize.reward_fen for prize in prizes if prize.first_place <= place <= prize.last_place), 0)


def _of_contest(contest: Contest, prizes: Sequence[Won]) -> Iterator[Fault]:
    if contest.rewarded_at is not None:
        yield Fault("", "已发奖的榜单活动不能修改")
    if contest.wait_days > _LONGEST_WAIT:
        yield Fault("wait_days", f"最多等待 {_LONGEST_WAIT} 天")
    taken: set[int] = set()
    for prize in prizes:
        if not 1 <= prize.first_place <= prize.last_place <= _MOST_PLACES:
            yield Fault("prizes", f"名次应从 1 到 {_MOST_PLACES}，且不能倒置")
            return
        places = set(range(prize.first_place, prize.last_place + 1))
        if taken & places:
            yield Fault("prizes", "同一名次只能有一项奖励")
        taken |= places
    if not prizes:
        yield Fault("prizes", "请填写奖励")
