"""What came with an order goes back with it: points spent and earned, growth, gift coupons, goods of the points mall."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.aftersales import planning
from apps.aftersales import selectors as refund_facts
from apps.aftersales.planning import Wish
from apps.checkout import activities, paying
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.orders.models import Order
from apps.points import services as points
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as make_coupons
from tests.apps.points import make as make_points

pytestmark = pytest.mark.django_db


def growth(member: Member) -> int:
    return Member.objects.values_list("growth", flat=True).get(pk=member.pk)


def earn(member: Member, amount: int, cause: str = "start") -> None:
    points.earn(member_id=member.pk, amount=amount, cause=cause, at=make.NOW)


def received(member_and_address: Any, *wanted: Any, **more: Any) -> Order:
    order = make.paid(member_and_address, wanted, **more)
    make.ship(order)
    make.receive(order)
    return order


def gifts(order: Order) -> dict[str, str]:
    """The coupons that came with the order, by template, and their statuses."""
    return dict(Coupon.objects.filter(gift_of=order.order_no).values_list("template__name", "status"))


def test_a_third_of_the_goods_takes_a_third_of_what_was_earned_and_returns_a_third_of_what_was_spent() -> (
    None
):
    buyer = counter.buyer()
    earn(buyer[0], 1000)
    cup = counter.goods(10_000)
    # 300.00 − 10.00 of 1000 points
    order = received(buyer, (cup, 3), use_points=True)
    assert (order.points_used, make_points.standing(buyer[0]), growth(buyer[0])) == (1000, (290, 0), 290)

    refund = make.refund(order, {cup: 1})

    assert refund.amount_fen == 9667
    assert (refund.points_back, refund.points_taken, refund.points_short, refund.growth_taken) == (
        333,
        97,
        0,
        97,
    )
    assert (make_points.standing(buyer[0]), growth(buyer[0])) == ((290 + 333 - 97, 0), 193)


def test_piece_by_piece_everything_is_back_where_it_was() -> None:
    buyer = counter.buyer()
    earn(buyer[0], 1000)
    cup, bowl = counter.goods(3333), counter.goods(1777)
    order = received(buyer, (cup, 2), (bowl, 1), use_points=True)
    for sku in (cup, bowl, cup):
        make.refund(order, {sku: 1})
    assert (make_points.standing(buyer[0]), growth(buyer[0])) == ((1000, 0), 0)
    assert make.fresh(order).status == "REFUNDED"


def test_earned_points_that_are_spent_become_a_debt_that_the_next_earning_pays() -> None:
    buyer = counter.buyer()
    cup = counter.goods(10_000)
    order = received(buyer, (cup, 2))
    assert make_points.standing(buyer[0]) == (200, 0)
    make.paid(
        buyer, [(counter.goods(1000), 1)], use_points=True
    )  # at most half of 10.00: 200 points are 2.00
    assert make_points.standing(buyer[0]) == (0, 0)

    refund = make.refund(order, {cup: 1})

    assert (refund.points_taken, refund.points_short) == (100, 100)
    assert make_points.standing(buyer[0]) == (0, 100)
    earn(buyer[0], 150, "later")
    assert make_points.standing(buyer[0]) == (50, 0)


def test_what_is_refunded_before_receipt_earns_nothing_at_receipt() -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    order = make.paid(buyer, [(cup, 2)])
    refund = make.refund(order, {cup: 1})
    assert (refund.points_taken, refund.growth_taken) == (0, 0)
    make.ship(order)
    make.receive(order)
    assert (make_points.standing(buyer[0]), growth(buyer[0])) == ((100, 0), 100)


def test_postage_alone_touches_no_points() -> None:
    counter.freight(800)
    buyer, cup = counter.buyer(), counter.goods(10_000)
    order = received(buyer, (cup, 1))
    make.refund(order, shipping_fen=800)
    assert make_points.standing(buyer[0]) == (100, 0)


def test_a_good_of_the_points_mall_returns_its_money_its_points_and_its_place_in_the_quota() -> None:
    buyer, cup = counter.buyer(), counter.goods(5000, units=10)
    earn(buyer[0], 700)
    good = make_points.coupon_good(300, kind="SKU", sku=cup, coupon_template_id=None, money_fen=990)
    order = make.paid(buyer, [(cup, 2)], activity=activities.read({"kind": "points_good", "id": good.pk}))
    assert (order.payable_fen, make_points.standing(buyer[0])) == (1980, (100, 0))

    refund = make.refund(order, {cup: 1})
    good.refresh_from_db()
    assert (refund.amount_fen, refund.points_back, good.redeemed) == (990, 300, 2)
    make.refund(order, {cup: 1})

    good.refresh_from_db()
    assert (make_points.standing(buyer[0]), good.redeemed, Stock.objects.get(sku=cup).on_hand) == (
        (700, 0),
        0,
        10,
    )


def test_a_good_for_points_alone_is_refunded_in_points() -> None:
    buyer, cup = counter.buyer(), counter.goods(5000)
    earn(buyer[0], 300)
    good = make_points.coupon_good(300, kind="SKU", sku=cup, coupon_template_id=None)
    order = counter.order(
        *buyer, [(cup, 1)], activity=activities.read({"kind": "points_good", "id": good.pk})
    )
    paying.pay(member=buyer[0], order_no=order.order_no, at=make.NOW)
    refund = make.refund(order, {cup: 1})
    assert (refund.amount_fen, refund.points_back, make_points.standing(buyer[0])) == (0, 300, (300, 0))


def test_gift_coupons_go_when_what_is_kept_does_not_reach_them_any_more() -> None:
    buyer, cup = counter.buyer(), counter.goods(5000)
    make_coupons.template("满150赠", occasion="ORDER_GIFT", gift_from_fen=15_000)
    make_coupons.template("满80赠", occasion="ORDER_GIFT", gift_from_fen=8_000)
    make_coupons.template("首单赠", occasion="FIRST_ORDER")
    order = make.paid(buyer, [(cup, 3)])
    assert coupons.reward(order_no=order.order_no, at=make.NOW) == 3

    refund = make.refund(order, {cup: 1})  # 100.00 are kept
    assert gifts(order) == {"满150赠": "REVOKED", "满80赠": "AVAILABLE", "首单赠": "AVAILABLE"}
    assert refund.coupons_revoked == 1

    refund = make.refund(order, {cup: 2})
    assert gifts(order) == {"满150赠": "REVOKED", "满80赠": "REVOKED", "首单赠": "REVOKED"}
    assert refund.coupons_revoked == 2


def test_a_gift_is_kept_at_exactly_its_amount() -> None:
    cup = counter.goods(5000)
    make_coupons.template("满50赠", occasion="ORDER_GIFT", gift_from_fen=5000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    coupons.reward(order_no=order.order_no, at=make.NOW)
    make.refund(order, {cup: 1})
    assert gifts(order) == {"满50赠": "AVAILABLE"}


def test_a_refund_that_is_faster_than_the_news_leaves_nothing_to_be_rewarded() -> None:
    cup = counter.goods(5000)
    make_coupons.template("满80赠", occasion="ORDER_GIFT", gift_from_fen=8_000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.refund(order, {cup: 1})
    assert coupons.reward(order_no=order.order_no, at=make.NOW) == 0


def test_a_gift_that_was_spent_is_written_down_once() -> None:
    buyer, cup = counter.buyer(), counter.goods(6000)
    make_coupons.template("满100赠", occasion="ORDER_GIFT", gift_from_fen=10_000)
    order = make.paid(buyer, [(cup, 2)])
    coupons.reward(order_no=order.order_no, at=make.NOW)
    gift = Coupon.objects.get()
    make.paid(buyer, [(cup, 1)])  # the gift makes it cheaper
    gift.refresh_from_db()
    assert gift.status == "USED"

    first, second = (make.refund(order, {cup: 1}) for _ in range(2))

    assert (first.coupons_revoked, first.coupons_spent) == (0, [str(gift.public_id)])
    assert second.coupons_spent == []


def test_the_preview_says_what_then_happens() -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    earn(buyer[0], 1000)
    make_coupons.template("满100赠", occasion="ORDER_GIFT", gift_from_fen=10_000)
    order = received(buyer, (cup, 2), use_points=True)
    coupons.reward(order_no=order.order_no, at=make.NOW)
    points.claw_back(member_id=buyer[0].pk, amount=190, cause="gone", at=make.NOW)
    standing = planning.standing_of(make.fresh(order))
    before = (make_points.standing(buyer[0]), gifts(order))

    seen = refund_facts.preview(standing, Wish(units={make.line(order, cup).pk: 2}))

    assert before == (make_points.standing(buyer[0]), gifts(order))
    assert ([gift.template.name for gift in seen.gifts_revoked], seen.gifts_spent) == (["满100赠"], [])
    assert seen.becomes == "REFUNDED"
    done = make.refund(order, {cup: 2})
    assert (done.points_back, done.points_taken, done.points_short, done.growth_taken) == (
        seen.points.back,
        seen.points.taken,
        seen.points.short,
        seen.points.growth,
    )
    assert (done.wechat_fen, done.coupons_revoked) == (seen.plan.wechat_fen, 1)


def test_a_preview_knows_the_debt() -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    order = received(buyer, (cup, 1))
    points.claw_back(member_id=buyer[0].pk, amount=130, cause="gone", at=make.NOW)
    assert make_points.standing(buyer[0]) == (0, 30)
    standing = planning.standing_of(make.fresh(order))
    seen = refund_facts.preview(standing, Wish(units={make.line(order, cup).pk: 1}))
    assert (seen.points.taken, seen.points.short) == (100, 100)
    assert make.refund(order, {cup: 1}, at=timezone.now() + timedelta(days=1)).points_short == 100
