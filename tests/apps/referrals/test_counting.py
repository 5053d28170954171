"""Friends count for real acts, once each, and what they won goes back with their order."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.distribution.models import Rules
from apps.distribution.services import rules as promoter_rules
from apps.outbox.models import Announcement
from apps.points import services as points
from apps.referrals import selectors as referral_facts
from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Edge, Invitation, Reward
from apps.shares import services as shares
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupon_makers
from tests.apps.referrals import make
from tests.apps.referrals.make import DAY, HOUR, LATER, MINUTE, NOW
from tests.apps.shares import make as shared

pytestmark = pytest.mark.django_db


def test_three_friends_who_register_win_the_tiers_of_one_and_three_and_not_of_five():
    row = make.campaign(tiers=[Step(friends=n, prize=make.points(n * 100)) for n in (1, 3, 5)])
    inviter = make.member()
    for _ in range(3):
        make.registered(inviter, row)
    assert make.standing(inviter, row) == (3, 3, 0)
    assert make.won(inviter) == [(1, "GIVEN"), (3, "GIVEN")]
    assert make.balance(inviter) == (400, 0)


def test_the_friend_gets_a_prize_of_their_own():
    row = make.campaign(friend_prize=make.points(50))
    invitation = make.registered(make.member(), row)
    assert make.won(invitation.friend) == [(None, "GIVEN")]
    assert make.balance(invitation.friend) == (50, 0)


def test_who_was_a_member_before_the_visit_is_no_friend_of_a_campaign_for_registrations():
    row, inviter = make.campaign(), make.member()
    old = make.newcomer(registered_at=NOW - HOUR)
    make.come(old, make.share(inviter, row))
    assert make.standing(inviter, row) == (0, 0, 0)


def test_who_came_nameless_and_registered_days_later_counts_within_the_days_of_a_binding_and_not_after():
    promoter_rules.save_rules(Rules(pk=1, valid_days=3, protect_days=0))
    row, inviter = make.campaign(), make.member()
    found, later = make.share(inviter, row, at=NOW - 9 * DAY), shared.share()
    for mark, days in (("phone-a", 2), ("phone-b", 4)):
        shares.note_visit(token=found.token, visitor_id=mark, member=None, at=NOW - days * DAY)
        make.come(make.newcomer(), later, mark=mark, at=NOW + MINUTE)
    assert make.standing(inviter, row) == (1, 0, 0)


def test_a_friend_has_one_inviter_the_first_whose_share_brought_them():
    row = make.campaign()
    first, second = make.member(), make.member()
    friend = make.newcomer()
    for inviter in (first, second):
        make.come(friend, make.share(inviter, row))
    assert list(Invitation.objects.values_list("inviter", "friend")) == [(first.pk, friend.pk)]
    assert Edge.objects.get(friend=friend).inviter_id == first.pk


def test_an_inviter_whose_invitation_lapsed_makes_room_for_another():
    promoter_rules.save_rules(Rules(pk=1, valid_days=2, protect_days=0))
    row = make.campaign(act="FIRST_ORDER")
    first, second = make.member(), make.member()
    friend = make.newcomer()
    make.come(friend, make.share(first, row))
    other = make.campaign(act="FIRST_ORDER", code="OTHER")
    make.come(friend, make.share(second, other), at=NOW + DAY)
    assert make.standing(second, other) == (0, 0, 0)
    make.come(friend, make.share(second, other), at=NOW + 2 * DAY)
    assert make.standing(second, other) == (1, 0, 0)
    assert Edge.objects.get(friend=friend).inviter_id == second.pk


def test_nobody_invites_oneself_and_nobody_is_bound_by_a_campaign_that_is_over_or_paused():
    row = make.campaign()
    inviter = make.newcomer()
    found = make.share(inviter, row)
    make.come(inviter, found)
    referrals.CAMPAIGNS.pause(row, at=NOW)
    make.come(make.newcomer(), found)
    referrals.CAMPAIGNS.resume(row, at=NOW)
    make.come(make.newcomer(registered_at=row.ends_at), found, at=row.ends_at)
    assert Invitation.objects.count() == 0


def test_the_database_refuses_a_second_invitation_and_oneself():
    row = make.campaign()
    done = make.registered(make.member(), row)
    for inviter in (make.member(), done.friend):
        friend = done.friend
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation.objects.create(
                referral=row, inviter=inviter, friend=friend, share=done.share, bound_at=NOW
            )


def test_a_first_order_counts_at_receipt_and_not_when_it_is_paid():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    friend = make.buyer("文三路 9 号")
    make.come(friend[0], make.share(inviter, row))
    order = make.sale.paid(friend, [(counter.goods(5000), 1)])
    assert referrals.count_order(order_no=order.order_no, at=NOW) == 0
    assert make.standing(inviter, row) == (1, 0, 0)
    make.receive(order)
    assert (make.standing(inviter, row), make.balance(inviter)) == ((1, 1, 0), (100, 0))


def test_an_order_that_was_placed_before_the_invitation_does_not_count():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    friend = make.buyer("文三路 9 号")
    order = counter.order(*friend, [(counter.goods(5000), 1)], at=NOW - MINUTE)
    make.come(friend[0], make.share(inviter, row))
    counter.pay(order)
    make.receive(make.sale.fresh(order))
    assert make.standing(inviter, row) == (1, 0, 0)


def test_who_has_ever_paid_is_no_newcomer():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    friend = make.buyer("文三路 9 号")
    make.sale.paid(friend, [(counter.goods(5000), 1)])
    make.come(friend[0], make.share(inviter, row))
    assert make.standing(inviter, row) == (0, 0, 0)


def test_a_refund_of_the_whole_order_takes_100_points_back_and_those_that_are_spent_are_owed():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER", friend_prize=make.points(30)), make.member()
    friend = make.buyer("文三路 9 号")
    order = make.ordered(inviter, row, friend)
    points.claw_back(member_id=inviter.pk, amount=60, cause="spent", at=LATER)
    assert make.balance(inviter) == (40, 0)
    make.refund(order)
    assert make.standing(inviter, row) == (1, 0, 0)
    assert (make.won(inviter), make.won(friend[0])) == ([(1, "TAKEN_BACK")], [(None, "TAKEN_BACK")])
    assert (make.balance(inviter), make.balance(friend[0])) == ((0, 60), (0, 0))


def test_a_refund_of_a_part_takes_nothing_back():
    counter.freight(0)
    row, inviter = make.campaign(act="FIRST_ORDER"), make.member()
    friend = make.buyer("文三路 9 号")
    make.come(friend[0], make.share(inviter, row))
    cup = counter.goods(5000)
    order = make.sale.paid(friend, [(cup, 2)])
    make.receive(order)
    make.sale.refund(order, {cup: 1})
    referrals.take_back(order_no=order.order_no, at=LATER)
    assert make.won(inviter) == [(1, "GIVEN")]


def test_an_unused_coupon_is_revoked_and_a_used_one_is_noted_as_owed_and_set_off_when_it_is_won_again():
    counter.freight(0)
    template = coupon_makers.template("满50减10", code="FRIEND10")
    prize = [Step(friends=1, prize=make.coupon(template))]
    row, careful, quick = make.campaign(act="FIRST_ORDER", tiers=prize), make.member(), make.member()
    for number, inviter in enumerate((careful, quick)):
        order = make.ordered(inviter, row, make.buyer(f"文三路 {number} 号"))
        if inviter is quick:
            given = Coupon.objects.get(member=quick)
            coupons.hold(order_no="SO1", member_id=quick.pk, public_ids=[given.public_id], at=LATER)
            coupons.commit(order_no="SO1", at=LATER)
        make.refund(order)
    assert Coupon.objects.get(member=careful).status == "REVOKED"
    assert (Coupon.objects.get(member=quick).status, Reward.objects.get(member=quick).owed) == ("USED", True)
    for number, inviter in enumerate((careful, quick)):
        make.ordered(inviter, row, make.buyer(f"莫干山路 {number} 号"))
    assert [make.won(each) for each in (careful, quick)] == [[(1, "GIVEN")]] * 2
    assert Coupon.objects.filter(member=careful).count() == 2
    assert (Coupon.objects.filter(member=quick).count(), Reward.objects.get(member=quick).owed) == (1, False)


def test_a_tier_that_needs_two_goes_when_one_of_two_friends_goes_and_comes_with_a_third_once_more():
    counter.freight(0)
    row = make.campaign(act="FIRST_ORDER", tiers=[Step(friends=2, prize=make.points(500))])
    inviter = make.member()
    orders = [make.ordered(inviter, row, make.buyer(f"文三路 {number} 号")) for number in range(2)]
    assert make.balance(inviter) == (500, 0)
    make.refund(orders[0])
    assert (make.won(inviter), make.balance(inviter)) == ([(2, "TAKEN_BACK")], (0, 0))
    make.ordered(inviter, row, make.buyer("莫干山路 7 号"))
    assert (make.won(inviter), make.balance(inviter)) == ([(2, "GIVEN")], (500, 0))


def test_where_a_phone_is_asked_for_the_friend_counts_when_it_is_told():
    row, inviter = make.campaign(needs_phone=True), make.member()
    invitation = make.registered(inviter, row)
    assert make.standing(inviter, row) == (1, 0, 0)
    invitation.friend.phone = "13912345678"
    invitation.friend.save(update_fields=["phone"])
    assert referrals.count_phone(member_id=invitation.friend_id, at=LATER) == 1
    assert (make.standing(inviter, row), make.balance(inviter)) == ((1, 1, 0), (100, 0))


def test_a_coupon_that_is_sold_out_waits_and_is_given_when_there_are_more():
    template = coupon_makers.template("满50减10", code="FRIEND10", quota=1)
    row = make.campaign(tiers=[Step(friends=1, prize=make.coupon(template))])
    first, second = make.member(), make.member()
    for inviter in (first, second):
        make.registered(inviter, row)
    assert (make.won(first), make.won(second)) == ([(1, "GIVEN")], [(1, "HELD")])
    assert referrals.give_waiting(at=LATER) == 0
    template.quota = 2
    template.save(update_fields=["quota"])
    assert referrals.give_waiting(at=LATER) == 1
    assert (make.won(second), Coupon.objects.filter(member=second).count()) == ([(1, "GIVEN")], 1)


def test_a_coupon_that_stays_sold_out_keeps_nobody_waiting_for_another_one():
    none, some = (coupon_makers.template("满50减10", code=code, quota=1) for code in ("NONE", "SOME"))
    inviters = []
    for template in (none, some):
        row = make.campaign(code=template.code, tiers=[Step(friends=1, prize=make.coupon(template))])
        for _ in range(2):
            inviters.append(make.member())
            make.registered(inviters[-1], row)
    assert [make.won(each)[0][1] for each in inviters] == ["GIVEN", "HELD", "GIVEN", "HELD"]
    some.quota = 2
    some.save(update_fields=["quota"])
    assert referrals.give_waiting(at=LATER, limit=1) == 1
    assert [make.won(each)[0][1] for each in inviters] == ["GIVEN", "HELD", "GIVEN", "GIVEN"]


def test_the_same_news_twenty_times_is_one_reward():
    row, inviter = make.campaign(friend_prize=make.points(5)), make.member()
    invitation = make.registered(inviter, row)
    for _ in range(20):
        referrals.count_invited(invitation_id=invitation.pk, at=LATER)
    assert (make.balance(inviter), make.balance(invitation.friend)) == ((100, 0), (5, 0))


def test_coming_by_a_share_is_told_once():
    row, inviter = make.campaign(), make.member()
    friend = make.newcomer()
    for _ in range(3):
        make.come(friend, make.share(inviter, row))
    assert Announcement.objects.filter(kind="FriendInvited").count() == 1


def test_one_who_brings_two_of_whom_one_brings_one_is_two_generations_of_2_and_1_and_a_k_factor_of_1_50():
    row, first = make.campaign(), make.member()
    made = [make.registered(first, row) for _ in range(2)]
    make.registered(made[0].friend, row)
    found = referral_facts.spread(row)
    assert (found.sharers, found.invited, found.counted, list(found.generations)) == (2, 3, 3, [2, 1])
    assert found.k_factor == "1.50"


def test_the_leaderboard_counts_friends_who_still_count_the_earlier_first_at_equal_numbers():
    counter.freight(0)
    row = make.campaign(act="FIRST_ORDER")
    first, second = make.member("林一"), make.member("周二")
    make.ordered(second, row, make.buyer("文三路 1 号"))
    make.ordered(first, row, make.buyer("文三路 2 号"))
    lost = make.ordered(first, row, make.buyer("文三路 3 号"))
    make.refund(lost)
    board = referral_facts.board(since=NOW - DAY, until=NOW + DAY, most=10)
    assert sorted((place.member.pk, place.friends) for place in board) == sorted(
        [(second.pk, 1), (first.pk, 1)]
    )
    mine = referral_facts.place_of(first, since=NOW - DAY, until=NOW + DAY)
    assert mine is not None
    assert (mine.place, mine.friends) == (
        next(place.place for place in board if place.member.pk == first.pk),
        1,
    )
