"""Friends who look like their inviter, or like one another, wait for a look; the order never does."""

from __future__ import annotations

import pytest

from apps.base import digests
from apps.base.models import AuditEntry
from apps.members.models import Member
from apps.referrals.drafts import Step
from apps.referrals.models import Invitation
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look
from apps.risk.states import Trait
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator
from tests.apps.members import make as members
from tests.apps.referrals import make
from tests.apps.referrals.make import LATER, NOW

pytestmark = pytest.mark.django_db


def reasons(invitation: Invitation) -> list[str]:
    look = Look.objects.get(kind="referral", subject=str(invitation.pk))
    return [reason.clue for reason in look.reasons.order_by("id") if reason.weight]


def only() -> int:
    return risk_facts.waiting().get().pk


def test_a_friend_with_the_inviters_phone_is_held_and_the_reward_with_them():
    row, inviter = make.campaign(friend_prize=make.points(9)), make.member(phone="13912345678")
    invitation = make.registered(inviter, row, phone="13912345678")
    assert (make.standing(inviter, row), reasons(invitation)) == ((1, 0, 1), ["SAME_PHONE"])
    assert (make.won(inviter), make.won(invitation.friend)) == ([(1, "HELD")], [(None, "HELD")])
    assert make.balance(inviter) == (0, 0)


@pytest.mark.parametrize("detail", ["龙井路1号", "龙井路 1 号", "龙井路１号", "龙井路-1-号"])
def test_a_first_order_to_the_inviters_address_in_another_spelling_is_held_and_arrives_all_the_same(detail):
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    members.address(inviter, detail="龙井路 1 号", phone="13700000001")
    order = make.ordered(inviter, row, make.buyer(detail))
    assert (order.status, make.standing(inviter, row)) == ("RECEIVED", (1, 0, 1))
    assert reasons(Invitation.objects.get()) == ["SAME_ADDRESS"]


def test_two_friends_at_one_address_are_not_two_friends_until_somebody_says_so():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    for _ in range(2):
        make.ordered(inviter, row, make.buyer("莫干山路 8 号"))
    assert make.standing(inviter, row) == (2, 1, 1)


def test_two_accounts_on_one_phone_are_held():
    row, inviter = make.campaign(), make.newcomer()
    found = make.share(inviter, row)
    other = make.share(make.member(), row)
    make.come(inviter, other, mark="one-phone")
    friend = make.newcomer()
    make.come(friend, found, mark="one-phone")
    make.referrals.count_invited(invitation_id=Invitation.objects.get(friend=friend).pk, at=NOW)
    assert make.standing(inviter, row) == (1, 0, 1)
    assert reasons(Invitation.objects.get(friend=friend)) == ["SAME_DEVICE"]


def test_thirty_who_register_by_one_network_address_count_for_that_is_no_reason_alone():
    row, inviter = make.campaign(tiers=[Step(friends=30, prize=make.points(1))]), make.member()
    network = digests.of("NETWORK", "203.0.113.7")
    for _ in range(30):
        friend = make.newcomer()
        risk.note(member_id=friend.pk, traits=[(Trait.NETWORK, network)], at=NOW)
        make.come(friend, make.share(inviter, row))
        make.referrals.count_invited(invitation_id=Invitation.objects.get(friend=friend).pk, at=NOW)
    assert make.standing(inviter, row) == (30, 30, 0)
    last = Look.objects.order_by("-id")[0]
    assert (last.score, last.verdict, last.reasons.get().figure) == (0, "CLEAR", 30)


def test_who_was_erased_and_registers_anew_is_no_new_friend():
    row, inviter = make.campaign(), make.member()
    first = make.registered(inviter, row).friend
    openid = first.openid
    Member.objects.filter(pk=first.pk).update(openid="erased-1")
    again = make.registered(inviter, row, openid=openid)
    assert (make.standing(inviter, row), reasons(again)) == ((2, 1, 1), ["SAME_PAYER"])


def test_a_and_b_who_invite_each_other_are_a_ring():
    counter.freight(0)
    row = make.campaign(act="FIRST_ORDER")
    a, b = make.buyer("文三路 1 号"), make.buyer("文三路 2 号")
    make.ordered(a[0], row, b)
    make.ordered(b[0], row, a)
    assert (make.standing(a[0], row), make.standing(b[0], row)) == ((1, 1, 0), (1, 0, 1))
    assert reasons(Invitation.objects.get(friend=a[0])) == ["RING"]


def test_released_a_held_friend_counts_and_rejected_never_does_and_the_log_says_who():
    row, by = make.campaign(), operator()
    inviters = [make.member(phone=f"1391234567{number}") for number in range(2)]
    held = [make.registered(inviter, row, phone=inviter.phone) for inviter in inviters]
    looks = [Look.objects.get(subject=str(each.pk)) for each in held]
    assert risk.release(look_ids=[looks[0].pk], operator=by, at=LATER) == (1, [])
    assert risk.reject(look_ids=[looks[1].pk], reason="同一人", operator=by, at=LATER) == (1, [])
    assert [make.standing(each, row) for each in inviters] == [(1, 1, 0), (1, 0, 0)]
    assert [make.won(each) for each in inviters] == [[(1, "GIVEN")], [(1, "TAKEN_BACK")]]
    assert [make.balance(each)[0] for each in inviters] == [100, 0]
    assert make.fresh(held[1]).reason == "同一人"
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["放行奖励", "驳回奖励"]


def test_what_was_judged_is_judged_once_and_a_refusal_has_a_reason():
    row, inviter = make.campaign(), make.member(phone="13912345678")
    make.registered(inviter, row, phone=inviter.phone)
    with pytest.raises(risk.ReasonMissing):
        risk.reject(look_ids=[only()], reason="  ", operator=operator(), at=LATER)
    look_id = only()
    risk.release(look_ids=[look_id], operator=operator(), at=LATER)
    for judge in (risk.release, lambda **said: risk.reject(reason="晚了", **said)):
        with pytest.raises(risk.NothingToJudge):
            judge(look_ids=[look_id], operator=operator(), at=LATER)
    assert make.balance(inviter) == (100, 0)


def test_a_held_friend_whose_order_went_back_is_lost_and_waits_for_nobody():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    members.address(inviter, phone="13700000001")
    order = make.ordered(inviter, row, make.buyer("龙井路1号"))
    look_id = only()
    make.refund(order)
    assert (make.standing(inviter, row), make.won(inviter)) == ((1, 0, 0), [(1, "TAKEN_BACK")])
    look = Look.objects.get(pk=look_id)
    assert (look.verdict, look.judged_by, look.note) == ("LAPSED", None, f"订单 {order.order_no} 已退款")
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[look_id], operator=operator(), at=LATER)
    assert make.won(inviter) == [(1, "TAKEN_BACK")]


def test_a_reward_that_was_given_is_held_again_when_only_a_held_friend_stands_in_for_a_lost_one():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    members.address(inviter, phone="13700000001")
    order = make.ordered(inviter, row, make.buyer("文三路 9 号"))
    make.ordered(inviter, row, make.buyer("龙井路1号"))
    assert (make.won(inviter), make.balance(inviter)) == ([(1, "GIVEN")], (100, 0))
    make.refund(order)
    assert (make.won(inviter), make.balance(inviter)) == ([(1, "HELD")], (0, 0))
    risk.release(look_ids=[only()], operator=operator(), at=LATER)
    assert (make.won(inviter), make.balance(inviter)) == ([(1, "GIVEN")], (100, 0))
