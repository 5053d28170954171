"""Newcomers' coupons wait for a look where the newcomer looks like somebody who is here already; the order never does."""

from __future__ import annotations

import pytest

from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.members.models import Member
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.coupons.make import AT, DAY, template
from tests.apps.fulfillment.make import operator
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def again() -> Member:
    """Somebody who was here, left, and comes once more by the same WeChat identity."""
    first = make.member()
    openid = first.openid
    risk.refresh(member_ids=[first.pk], at=AT)
    Member.objects.filter(pk=first.pk).update(openid="erased-1")
    return make.member(openid=openid)


def owned(member: Member) -> list[str]:
    return list(Coupon.objects.filter(member=member).order_by("id").values_list("way", flat=True))


def held() -> Look:
    return risk_facts.waiting().get()


def test_a_pack_is_held_for_who_was_here_before_and_given_when_somebody_releases_it():
    template("新人满50减10", occasion="REGISTRATION")
    newcomer = again()
    assert [coupons.welcome(member_id=newcomer.pk, at=AT) for _ in range(2)] == [0, 0]
    look = held()
    assert (look.kind, look.member_id, look.title) == ("welcome_pack", newcomer.pk, "新人礼包")
    assert [reason.clue for reason in look.reasons.all()] == ["SAME_PAYER"]
    risk.release(look_ids=[look.pk], operator=operator(), at=AT + DAY)
    assert owned(newcomer) == ["REGISTRATION"]
    assert coupons.welcome(member_id=newcomer.pk, at=AT + DAY) == 1
    assert owned(newcomer) == ["REGISTRATION"]


def test_a_pack_that_is_rejected_is_never_given_and_its_coupon_cannot_be_claimed_either():
    pack = template("新人满50减10", occasion="REGISTRATION", visible=True)
    plain = template("平常的券", visible=True)
    newcomer = again()
    coupons.welcome(member_id=newcomer.pk, at=AT)
    with pytest.raises(coupons.UnderReview):
        coupons.claim(member=newcomer, template_id=pack.pk, at=AT)
    risk.reject(look_ids=[held().pk], reason="同一人", operator=operator(), at=AT)
    with pytest.raises(coupons.UnderReview):
        coupons.claim(member=newcomer, template_id=pack.pk, at=AT)
    coupons.claim(member=newcomer, template_id=plain.pk, at=AT)
    assert coupons.welcome(member_id=newcomer.pk, at=AT) == 0
    assert owned(newcomer) == ["CLAIM"]


def test_a_real_newcomer_has_the_pack_at_once_and_where_there_is_no_pack_nobody_is_looked_at():
    assert coupons.welcome(member_id=again().pk, at=AT) == 0
    assert not Look.objects.exists()
    template("新人满50减10", occasion="REGISTRATION")
    newcomer = make.member()
    assert coupons.welcome(member_id=newcomer.pk, at=AT) == 1
    assert Look.objects.get().verdict == "CLEAR"


def test_a_pack_that_is_released_to_somebody_who_has_left_is_not_given():
    template("新人满50减10", occasion="REGISTRATION")
    newcomer = again()
    coupons.welcome(member_id=newcomer.pk, at=AT)
    Member.objects.filter(pk=newcomer.pk).update(erased_at=AT, disabled_at=AT, nickname="", phone="")
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[held().pk], operator=operator(), at=AT)
    assert (owned(newcomer), Look.objects.get().verdict) == ([], "LAPSED")


def first_order(*, phone: str):
    """A first paid order with a gift, delivered to this phone; somebody else has 13912345678."""
    template("首单礼", occasion="FIRST_ORDER")
    counter.freight(0)
    risk.refresh(member_ids=[make.member(phone="13912345678").pk], at=AT)
    buyer, cup = counter.buyer(phone=phone), counter.goods(1000)
    order = sale.paid(buyer, [(cup, 1)])
    coupons.reward(order_no=order.order_no, at=AT)
    return order, cup


def test_the_gift_of_a_first_order_to_another_accounts_phone_waits_and_the_order_goes_its_way():
    order, _ = first_order(phone="13912345678")
    assert (order.status, owned(order.member)) == ("PAID", [])
    look = held()
    assert (look.kind, look.subject) == ("first_order_gift", order.order_no)
    assert [reason.text for reason in look.reasons.all()] == ["与另外 1 个账号手机号相同"]
    risk.release(look_ids=[look.pk], operator=operator(), at=AT)
    assert owned(order.member) == ["FIRST_ORDER"]
    assert Coupon.objects.get().gift_of == order.order_no


def test_the_gift_of_a_first_order_to_a_phone_of_ones_own_is_given_at_once():
    order, _ = first_order(phone="13912345679")
    assert owned(order.member) == ["FIRST_ORDER"]


def test_a_held_gift_lapses_when_its_order_goes_back():
    order, cup = first_order(phone="13912345678")
    sale.refund(order, {cup: 1})
    look = Look.objects.get(kind="first_order_gift")
    assert (look.verdict, look.note) == ("LAPSED", "订单已退款")
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[look.pk], operator=operator(), at=AT)
    assert owned(order.member) == []


@pytest.mark.parametrize(("rank", "score", "held"), [(2, 80, 1), (3, 120, 1), (0, 80, 1)])
def test_wechats_rank_of_3_counts_40_beside_another_clue(rank: int, score: int, held: int):
    template("新人满50减10", occasion="REGISTRATION")
    coupons.welcome(member_id=again().pk, risk_rank=rank, at=AT)
    assert (Look.objects.get().score, risk_facts.waiting().count()) == (score, held)


def test_wechats_rank_alone_holds_nothing():
    template("新人满50减10", occasion="REGISTRATION")
    newcomer = make.member()
    assert coupons.welcome(member_id=newcomer.pk, risk_rank=4, at=AT) == 1
    look = Look.objects.get()
    assert (look.score, look.reasons.get().text) == (0, "微信评定的用户风险等级为 4")
