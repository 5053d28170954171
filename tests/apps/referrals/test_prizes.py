"""Goods as prizes: won once, ordered once for nothing but the postage, within their days, and given no second time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.checkout.activities import ActivityNotFound, StandsAlone
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.referrals import reports
from apps.referrals import selectors as referral_facts
from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Referral, Reward
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.referrals import make
from tests.apps.referrals.make import DAY, LATER, NOW
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup() -> Any:
    counter.freight(800)
    sku = counter.goods(5000, units=10)
    sku.cost_fen = 2000
    sku.save(update_fields=["cost_fen"])
    return sku


@pytest.fixture
def winner() -> tuple[Member, Address]:
    return counter.buyer()


def campaign(cup: Any, **said: Any) -> Referral:
    return make.campaign(tiers=[Step(friends=1, prize=make.goods(cup, units=2))], **said)


def won(winner: tuple[Member, Address], row: Referral) -> Reward:
    make.registered(winner[0], row)
    return Reward.objects.get(member=winner[0])


def ordered(winner: tuple[Member, Address], cup: Any, reward: Reward, **said: Any) -> Order:
    return counter.order(*winner, [(cup, 2)], activity=make.ticket(reward), **said)


def fresh(reward: Reward) -> Reward:
    return Reward.objects.get(pk=reward.pk)


def test_two_cups_are_told_with_what_orders_them_and_cost_the_postage_of_8_00_only(cup, winner):
    now = timezone.now()
    row = campaign(cup, at=now, starts_at=now - DAY, ends_at=now + DAY)
    make.registered(winner[0], row, at=now)
    shopper = Shopper(members.access_token(winner[0]))
    [told] = shopper.call("GET", f"/referrals/{row.pk}").json()["mine"]["won"]
    assert (told["status"], told["prize"]["kind"], told["prize"]["quantity"]) == ("GIVEN", "goods", 2)
    how = told["order"]
    assert how["order_no"] is None
    assert timezone.datetime.fromisoformat(how["until"]) == now + timedelta(days=30)
    said = {"activity": how["activity"], "items": how["items"], "address_id": winner[1].pk}
    quote = shopper.call("POST", "/checkout/quote", said).json()
    assert (quote["goods_fen"], quote["payable_fen"]) == (100_00, 8_00)
    answer = shopper.call("POST", "/orders", {**said, "expected_payable_fen": 800}, idempotency_key="k")
    assert (answer.status_code, answer.json()["payable_fen"]) == (201, 800)
    assert stock_facts.available([cup.pk]) == {cup.pk: 8}
    [told] = shopper.call("GET", "/referrals").json()["results"][0]["mine"]["won"]
    assert told["order"]["order_no"] == answer.json()["order_no"]
    again = shopper.call("POST", "/checkout/quote", said)
    assert (again.status_code, again.json()["code"]) == (409, "prize_ordered")


def test_another_quantity_and_other_goods_beside_are_refused(cup, winner):
    reward, other = won(winner, campaign(cup)), counter.goods()
    for wanted in ([(cup, 1)], [(cup, 3)], [(cup, 2), (other, 1)], [(other, 2)]):
        with pytest.raises(StandsAlone):
            counter.order(*winner, wanted, activity=make.ticket(reward))
    assert fresh(reward).order_no == ""


def test_anothers_prize_is_not_found_a_held_one_not_given_and_an_old_one_expired(cup, winner):
    row = campaign(cup)
    reward = won(winner, row)
    with pytest.raises(ActivityNotFound):
        ordered(counter.buyer(), cup, reward)
    with pytest.raises(referrals.PrizeExpired):
        ordered(winner, cup, reward, at=NOW + 30 * DAY)
    held = counter.buyer(phone="13912345678")
    make.registered(held[0], row, phone="13912345678")
    with pytest.raises(referrals.PrizeNotGiven):
        ordered(held, cup, Reward.objects.get(member=held[0]))
    assert Order.objects.count() == 0


def test_an_order_that_is_not_paid_lets_go_of_prize_and_stock(cup, winner):
    reward = won(winner, campaign(cup))
    order = ordered(winner, cup, reward)
    counter.close(order)
    assert (fresh(reward).order_no, stock_facts.available([cup.pk])) == ("", {cup.pk: 10})
    ordered(winner, cup, reward)
    assert fresh(reward).order_no != ""


def test_a_refund_pays_back_the_postage_only_and_gives_no_second_prize(cup, winner):
    reward = won(winner, campaign(cup))
    order = make.sale.paid(winner, [(cup, 2)], activity=make.ticket(reward))
    aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=LATER)
    order.refresh_from_db()
    assert (order.status, order.refunded_fen, stock_facts.available([cup.pk])) == (
        "REFUNDED",
        800,
        {cup.pk: 10},
    )
    with pytest.raises(referrals.PrizeOrdered):
        ordered(winner, cup, reward)


def test_an_order_of_0_00_is_paid_by_asking_received_returned_for_nothing_and_counts_for_no_friend():
    counter.freight(0)
    cup = counter.goods(5000)
    row = make.campaign(friend_prize=make.goods(cup), tiers=[Step(friends=1, prize=make.points(1))])
    other = make.campaign(act="FIRST_ORDER", code="FIRST")
    inviter, friend = make.member(), make.buyer("文三路 9 号")
    make.come(friend[0], make.share(inviter, row))
    make.come(friend[0], make.share(inviter, other))
    invitation = row.invitations.get()
    referrals.count_invited(invitation_id=invitation.pk, at=NOW)
    order = make.sale.paid(friend, [(cup, 1)], activity=make.ticket(Reward.objects.get(member=friend[0])))
    assert (order.status, order.payable_fen) == ("PAID", 0)
    make.receive(order)
    assert make.standing(inviter, other) == (1, 0, 0)
    make.refund(order)
    assert (make.sale.fresh(order).status, make.sale.fresh(order).refunded_fen) == ("REFUNDED", 0)


def test_a_lost_friend_takes_an_unordered_prize_back_and_another_one_brings_it_again(cup, winner):
    row = campaign(cup, act="FIRST_ORDER")
    order = make.ordered(winner[0], row, make.buyer("文三路 1 号"))
    reward = Reward.objects.get(member=winner[0])
    make.refund(order)
    assert (fresh(reward).status, fresh(reward).owed) == ("TAKEN_BACK", False)
    with pytest.raises(referrals.PrizeNotGiven):
        ordered(winner, cup, reward)
    make.ordered(winner[0], row, make.buyer("文三路 2 号"))
    assert (fresh(reward).status, fresh(reward).rounds) == ("GIVEN", 2)
    assert ordered(winner, cup, reward).payable_fen == 800


def test_an_ordered_prize_is_owed_set_off_when_won_again_and_forgotten_when_its_order_closes(cup, winner):
    row = campaign(cup, act="FIRST_ORDER")
    first = make.ordered(winner[0], row, make.buyer("文三路 1 号"))
    reward = Reward.objects.get(member=winner[0])
    order = ordered(winner, cup, reward)
    make.refund(first)
    assert (fresh(reward).status, fresh(reward).owed) == ("TAKEN_BACK", True)
    second = make.ordered(winner[0], row, make.buyer("文三路 2 号"))
    assert (fresh(reward).status, fresh(reward).owed, fresh(reward).order_no) == (
        "GIVEN",
        False,
        order.order_no,
    )
    make.refund(second)
    counter.close(order)
    assert (fresh(reward).status, fresh(reward).owed, fresh(reward).order_no) == ("TAKEN_BACK", False, "")


def test_what_was_won_is_listed_after_its_campaign_ended_until_its_days_are_over(cup, winner):
    row = campaign(cup)
    reward = won(winner, row)
    after = row.ends_at + DAY
    assert list(referral_facts.shown_to(winner[0], at=after)) == [row]
    assert not referral_facts.shown_to(make.member(), at=after).exists()
    assert reward.valid_until is not None
    assert not referral_facts.shown_to(winner[0], at=reward.valid_until).exists()


def test_the_report_counts_a_prize_at_what_it_had_cost(cup, winner):
    reward = won(winner, campaign(cup))
    order = make.sale.paid(winner, [(cup, 2)], activity=make.ticket(reward))
    [line] = reports.by_campaign(since=NOW - DAY, until=NOW + DAY)
    assert (line.rewards_fen, line.commission_fen) == (4000, 0)
    make.refund(order)
    assert reports.by_campaign(since=NOW - DAY, until=NOW + DAY) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"units": 0}, "tiers[0].prize"),
        ({"units": 100}, "tiers[0].prize"),
        ({"days": 366}, "tiers[0].prize"),
        ({"sku_id": 10**9}, "tiers[0].prize"),
        ({"units": 1}, "tiers[0].prize"),
    ],
)
def test_goods_that_could_not_be_ordered_are_no_prize(cup, change, field):
    if change == {"units": 1}:
        cup.product.min_quantity = 2
        cup.product.save(update_fields=["min_quantity"])
    prize = {"sku_id": cup.pk, "units": 2, "days": 30, **change}
    draft = make.draft(tiers=[Step(friends=1, prize=make.Prize(kind="goods", **prize))])
    with pytest.raises(referrals.ReferralRefused) as refusal:
        referrals.CAMPAIGNS.save(draft, at=NOW)
    assert [fault.field for fault in refusal.value.faults] == [field]
