"""Newcomer packs, coupons that come with an order, and gifts taken back."""

from __future__ import annotations

import pytest

from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from mall.events import MemberRegistered, OrderPaid
from tests.apps.coupons.make import AT, DAY, paid_order, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def has(member: Member) -> list[tuple[str, str]]:
    rows = Coupon.objects.filter(member=member).order_by("template_id", "id")
    return [(row.template.name, row.way) for row in rows]


def hold(gift: Coupon, order_no: str) -> None:
    coupons.hold(order_no=order_no, member_id=gift.member_id, public_ids=[gift.public_id], at=AT)


def test_the_post_brings_a_new_member_the_whole_newcomer_pack_once():
    template("新人满50减10", occasion="REGISTRATION", visible=False)
    template("新人运费券", occasion="REGISTRATION", kind="FREIGHT", threshold_fen=0, off_fen=None)
    template("平常的券")
    template("草稿", occasion="REGISTRATION", live=False)
    newcomer = make.member()
    for _ in range(2):
        outbox.publish(MemberRegistered(member_id=newcomer.pk), at=AT)
        assert outbox.deliver_due(at=AT) == 2  # to the packs and to risk; no journey waits for it
    assert has(newcomer) == [("新人满50减10", "REGISTRATION"), ("新人运费券", "REGISTRATION")]


def test_a_pack_that_has_run_out_is_passed_over_and_the_rest_still_given():
    template("没了", occasion="REGISTRATION", quota=0)
    template("还有", occasion="REGISTRATION")
    newcomer = make.member()
    assert coupons.welcome(member_id=newcomer.pk, at=AT) == 1
    assert has(newcomer) == [("还有", "REGISTRATION")]


def test_the_first_paid_order_brings_a_coupon_and_the_second_none():
    template("首单礼", occasion="FIRST_ORDER")
    buyer = make.member()
    first, second = paid_order(buyer), paid_order(buyer, at=AT + DAY)
    # The news may come in any order, and twice.
    for order in (second, first, first):
        outbox.publish(OrderPaid(order_no=order.order_no, member_id=buyer.pk), at=AT + DAY)
    outbox.deliver_due(at=AT + DAY)
    assert has(buyer) == [("首单礼", "FIRST_ORDER")]
    assert Coupon.objects.get().gift_of == first.order_no


@pytest.mark.parametrize(("goods_fen", "gifts"), [(9_999, 0), (10_000, 1)])
def test_a_gift_comes_with_an_order_whose_goods_reach_the_amount_without_postage(goods_fen, gifts):
    template("满百赠", occasion="ORDER_GIFT", gift_from_fen=10_000)
    order = paid_order(make.member(), goods_fen=goods_fen)
    assert coupons.reward(order_no=order.order_no, at=AT) == gifts
    assert coupons.reward(order_no=order.order_no, at=AT) == gifts
    assert Coupon.objects.count() == gifts


def test_each_large_order_brings_its_own_gift():
    template("满百赠", occasion="ORDER_GIFT", gift_from_fen=10_000)
    buyer = make.member()
    for order in (paid_order(buyer), paid_order(buyer)):
        coupons.reward(order_no=order.order_no, at=AT)
    assert has(buyer) == [("满百赠", "ORDER_GIFT")] * 2


def test_an_order_refunded_before_the_news_came_round_brings_nothing():
    template("满百赠", occasion="ORDER_GIFT", gift_from_fen=0)
    order = paid_order(make.member())
    Order.objects.update(status="REFUNDED")
    assert coupons.reward(order_no=order.order_no, at=AT) == 0
    assert coupons.reward(order_no="SO-unknown", at=AT) == 0


def given(number: int = 1) -> tuple[str, list[Coupon]]:
    for _ in range(number):
        template("满百赠", occasion="ORDER_GIFT", gift_from_fen=0)
    order = paid_order(make.member())
    coupons.reward(order_no=order.order_no, at=AT)
    return order.order_no, list(Coupon.objects.order_by("id"))


def test_a_refund_takes_back_the_gift_and_names_what_was_spent():
    order_no, (unused, used) = given(2)
    hold(used, "SO2")
    coupons.commit(order_no="SO2", at=AT)
    for revoked in (1, 0):
        taken = coupons.take_back_gifts(order_no=order_no, at=AT)
        assert taken == coupons.TakenBack(revoked, [str(used.public_id)])
    assert [Coupon.objects.get(pk=row.pk).status for row in (unused, used)] == ["REVOKED", "USED"]


@pytest.mark.parametrize("verbs", [["release"], ["commit", "restore"]])
def test_a_gift_that_another_order_has_is_revoked_when_that_order_lets_go(verbs):
    order_no, (gift,) = given()
    hold(gift, "SO2")
    coupons.take_back_gifts(order_no=order_no, at=AT)
    for verb in verbs:
        getattr(coupons, verb)(order_no="SO2", at=AT)
    gift.refresh_from_db()
    assert (gift.status, gift.order_no) == ("REVOKED", "")


def test_coupons_that_came_otherwise_stay_at_a_refund():
    order_no, _ = given()
    mine = coupons.claim(member=make.member(), template_id=template().pk, at=AT)
    assert coupons.take_back_gifts(order_no=order_no, at=AT).revoked == 1
    with pytest.raises(ValueError, match="number"):
        coupons.take_back_gifts(order_no="", at=AT)
    mine.refresh_from_db()
    assert mine.status == "AVAILABLE"
