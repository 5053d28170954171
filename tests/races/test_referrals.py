"""Referrals under real threads on PostgreSQL: one inviter for a friend, one reward however often the news is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest

from apps.checkout import placing
from apps.checkout.quoting import Choice
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.points import services as points
from apps.points.models import Account
from apps.points.models import Entry as PointsEntry
from apps.points.services import booking
from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Edge, Invitation, Reward
from apps.referrals.services import prizes, rewards
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look
from apps.shares.models import Share
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator
from tests.apps.referrals import make
from tests.apps.referrals.make import LATER
from tests.races.stage import together_first, waiting_for_a_lock
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


def coming(friend: Member, by: Share) -> Callable[[], str]:
    def call() -> str:
        make.come(friend, by)
        return "came"

    return call


def test_two_inviters_bind_one_newcomer_at_once_and_one_has_them():
    row = make.campaign(act="FIRST_ORDER")
    found = [make.share(make.member(), row) for _ in range(2)]
    for _ in range(ROUNDS):
        friend = make.newcomer()
        assert all_answers([coming(friend, share) for share in found]) == {"came": 2}
        assert Invitation.objects.filter(friend=friend).count() == 1
        assert Edge.objects.filter(friend=friend).count() == 1


def test_two_campaigns_bind_one_newcomer_at_once_to_one_inviter():
    both = [make.campaign(act="FIRST_ORDER", code=code) for code in ("ONE", "TWO")]
    found = [make.share(make.member(), row) for row in both]
    for _ in range(ROUNDS):
        friend = make.newcomer()
        all_answers([coming(friend, share) for share in found])
        assert Invitation.objects.filter(friend=friend).values("inviter").distinct().count() == 1


def counting(invitation: Invitation) -> Callable[[], object]:
    return lambda: referrals.count_invited(invitation_id=invitation.pk, at=LATER)


def come_only(inviter: Member, row: make.Referral) -> Invitation:
    friend = make.newcomer()
    make.come(friend, make.share(inviter, row))
    return Invitation.objects.get(friend=friend)


def test_the_same_news_twenty_times_at_once_is_one_reward_of_each():
    row, inviter = make.campaign(friend_prize=make.points(5)), make.member()
    invitation = come_only(inviter, row)
    assert at_once([counting(invitation)] * 20) == {"done": 20}
    assert sorted(Reward.objects.values_list("status", "rounds")) == [("GIVEN", 1)] * 2
    assert sorted(Account.objects.values_list("balance", flat=True)) == [5, 100]
    assert PointsEntry.objects.count() == 2


def test_three_friends_at_once_win_a_tier_of_three_once():
    row = make.campaign(tiers=[Step(friends=3, prize=make.points(300))])
    for _ in range(ROUNDS):
        inviter = make.member()
        invitations = [come_only(inviter, row) for _ in range(3)]
        assert at_once([counting(each) for each in invitations]) == {"done": 3}
        assert make.balance(inviter) == (300, 0)


def test_a_receipt_that_is_told_while_its_refund_is_leaves_nothing():
    counter.freight(0)
    row = make.campaign(act="FIRST_ORDER")
    for number in range(4):
        inviter, friend = make.member(), make.buyer(f"文三路 {number} 号")
        make.come(friend[0], make.share(inviter, row))
        order = make.sale.paid(friend, [(counter.goods(5000), 1)])
        make.receive(order)
        make.sale.refund(make.sale.fresh(order), {line.sku: 1 for line in order.lines.all()})
        number_of = order.order_no
        calls = [lambda no=number_of: referrals.count_order(order_no=no, at=LATER)] * 3
        calls += [lambda no=number_of: referrals.take_back(order_no=no, at=LATER)] * 3
        at_once(calls)
        assert (make.won(inviter), make.balance(inviter)) == ([(1, "TAKEN_BACK")], (0, 0))


def test_released_and_rejected_at_once_is_one_of_both_and_one_reward_at_most():
    row, by = make.campaign(), operator()
    for number in range(ROUNDS):
        inviter = make.member(phone=f"139123456{number:02}")
        make.registered(inviter, row, phone=inviter.phone)
        look_id = risk_facts.waiting().get().pk
        outcome = all_answers(
            [
                lambda i=look_id: str(risk.release(look_ids=[i], operator=by, at=LATER).done),
                lambda i=look_id: str(risk.reject(look_ids=[i], reason="同一人", operator=by, at=LATER).done),
            ]
        )
        assert outcome == {"1": 1, "look_not_held": 1}
        released = Look.objects.get(pk=look_id).verdict == "RELEASED"
        assert make.balance(inviter)[0] == (100 if released else 0)


@pytest.mark.parametrize("looks", [True, False])
def test_one_prize_in_two_orders_at_once_is_had_once_and_without_a_look_at_it_as_it_is_now_twice(
    monkeypatch: pytest.MonkeyPatch, looks: bool
):
    counter.freight(0)
    cup, winner = counter.goods(5000), counter.buyer()
    make.registered(winner[0], make.campaign(tiers=[Step(friends=1, prize=make.goods(cup))]))
    reward = Reward.objects.get(member=winner[0])
    choice = Choice(items=((cup.pk, 1),), address_id=winner[1].pk, activity=make.ticket(reward))

    def place(key: str) -> str:
        placing.place(
            member=winner[0],
            choice=choice,
            expected_payable_fen=0,
            idempotency_key=key,
            remark="",
            at=LATER,
        )
        return "placed"

    priced = together_first(placing._write_at_a_free_place, threads=2)
    monkeypatch.setattr(placing, "_write_at_a_free_place", priced)
    if not looks:
        monkeypatch.setattr(prizes, "_locked", lambda _: copy(reward))
    ended = all_answers([lambda: place("first"), lambda: place("second")])
    assert ended == ({"placed": 1, "prize_ordered": 1} if looks else {"placed": 2})
    assert stock_facts.available([cup.pk]) == {cup.pk: 99 if looks else 98}


def test_a_prize_that_is_ordered_while_its_friend_is_lost_is_owed_or_not_to_be_had():
    counter.freight(0)
    cup = counter.goods(5000)
    row = make.campaign(act="FIRST_ORDER", tiers=[Step(friends=1, prize=make.goods(cup))])
    for number in range(ROUNDS):
        winner = counter.buyer()
        first = make.ordered(winner[0], row, make.buyer(f"文三路 {number} 号"))
        reward = Reward.objects.get(member=winner[0])
        units = {line.sku: line.quantity for line in first.lines.all()}
        make.sale.refund(first, units, shipping_fen=first.shipping_fen, at=LATER)
        ended = at_once(
            [
                lambda r=reward, m=winner[0]: prizes.hold(
                    order_no=f"SO-PRIZE-{r.pk}", reward_id=r.pk, member_id=m.pk, at=LATER
                ),
                lambda o=first: referrals.take_back(order_no=o.order_no, at=LATER),
            ]
        )
        reward.refresh_from_db()
        assert reward.status == "TAKEN_BACK"
        assert bool(reward.order_no) == reward.owed
        assert ended == ({"done": 2} if reward.owed else {"done": 1, "PrizeNotGiven": 1})


@pytest.mark.parametrize("ahead", [True, False])
def test_an_order_is_settled_while_its_buyer_wins_points_for_a_friend(ahead: bool, monkeypatch: Any) -> None:
    """Both take the account and the member, in one order; who took the member first would end one of them."""
    row, inviter = make.campaign(), make.member()
    invitation = come_only(inviter, row)
    points.earn(member_id=inviter.pk, amount=1, cause="before", at=LATER)
    has_people, has_account = threading.Event(), threading.Event()
    take_people, take_account = rewards._lock_members, booking.lock

    def people(*told: Any) -> None:
        take_people(*told)
        has_people.set()
        while not has_account.is_set() and not waiting_for_a_lock():
            pass

    def account(**told: Any) -> Account:
        taken = take_account(**told)
        has_account.set()
        return taken

    def settle() -> None:
        has_people.wait(30)
        told = {"settled_fen": 10_000, "multiplier_bp": 10_000, "at": LATER}
        points.earn_for_order(order_no="SO1", member_id=inviter.pk, **told)

    monkeypatch.setattr(rewards, "_lock_members", people)
    monkeypatch.setattr(booking, "lock", account)
    if not ahead:
        monkeypatch.setattr(points, "lock_ahead", lambda **told: None)
    ended = at_once([counting(invitation), settle])
    assert ended == ({"done": 2} if ahead else {"done": 1, "OperationalError": 1})
    if ahead:
        assert Account.objects.get(member=inviter).balance == 1 + 100 + 100
