"""Referrals under real threads on PostgreSQL: one inviter for a friend, one reward however often the news is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.members.models import Member
from apps.points.models import Account
from apps.points.models import Entry as PointsEntry
from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Edge, Invitation, Reward
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look
from apps.shares.models import Share
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator
from tests.apps.referrals import make
from tests.apps.referrals.make import LATER
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
