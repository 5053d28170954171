"""One coupon, one purse of points, one last use: many orders at once, with real threads on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.aftersales import services as aftersales
from apps.catalog.models import Sku
from apps.checkout import placing
from apps.checkout.quoting import Choice
from apps.coupons import selectors as coupon_facts
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.payments.models import Refund
from apps.points import selectors as point_facts
from apps.promotions.models import Tally
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.points import make as points
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def _place(buyer: tuple[Member, Address], sku: Sku, expected_payable_fen: int, **more: Any) -> str:
    member, address = buyer
    placing.place(
        member=member,
        choice=Choice(items=((sku.pk, 1),), address_id=address.pk, **more),
        expected_payable_fen=expected_payable_fen,
        idempotency_key=make.key(),
        remark="",
        at=make.NOW,
    )
    return "placed"


def _purse(balance: int) -> tuple[Member, Address]:
    buyer = make.buyer()
    points.points.earn(member_id=buyer[0].pk, amount=balance, cause="start", at=make.NOW)
    return buyer


def test_one_coupon_in_five_orders_at_once_is_used_by_one_and_the_others_are_told_the_price_without() -> None:
    cup, buyer = make.goods(6000), make.buyer()
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)

    outcome = all_answers([lambda: _place(buyer, cup, 5000)] * 5)

    assert outcome == {"placed": 1, "price_changed": 4}
    assert Order.objects.get().payable_fen == 5000
    coupon.refresh_from_db()
    assert (coupon.status, coupon.order_no) == ("HELD", Order.objects.get().order_no)
    assert not coupon_facts.unbalanced().exists()
    assert stock_facts.available([cup.pk]) == {cup.pk: 99}


def test_the_same_coupon_named_by_five_orders_at_once_is_used_by_one() -> None:
    cup, buyer = make.goods(6000), make.buyer()
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)
    named = {"coupon_id": str(coupon.public_id)}
    outcome = all_answers([lambda: _place(buyer, cup, 5000, **named)] * 5)
    assert outcome == {"placed": 1, "coupon_held": 4}


def test_a_hundred_points_in_five_orders_of_a_hundred_at_once_pay_one() -> None:
    cup, buyer = make.goods(6000), _purse(100)
    outcome = all_answers([lambda: _place(buyer, cup, 5900, use_points=100)] * 5)
    assert outcome == {"placed": 1, "points_not_enough": 4}
    assert points.standing(buyer[0]) == (0, 0)


def test_two_orders_closed_at_once_from_two_sides_give_points_and_coupon_back_exactly() -> None:
    cup, buyer = make.goods(6000), _purse(300)
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)
    first = make.order(*buyer, [(cup, 1)], use_points=100)
    second = make.order(*buyer, [(cup, 1)], use_points=200)
    assert points.standing(buyer[0]) == (0, 0)

    def close(order: Order) -> str:
        make.close(order)
        return "closed"

    outcome = all_answers([lambda order=order: close(order) for order in (first, second) * 3])

    assert outcome == {"closed": 6}
    assert points.standing(buyer[0]) == (300, 0)
    assert point_facts.unbalanced() == []
    coupon.refresh_from_db()
    assert coupon.status == "AVAILABLE"
    assert not coupon_facts.unbalanced().exists()


def test_three_uses_of_a_promotion_wanted_by_eight_buyers_go_to_three() -> None:
    cup = make.goods(6000)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 3})
    buyers = [make.buyer() for _ in range(8)]
    outcome = all_answers([lambda b=buyer: _place(b, cup, 5500) for buyer in buyers])
    assert outcome == {"placed": 3, "price_changed": 5}
    assert Tally.objects.get().uses == 3


def test_two_gifts_wanted_by_six_buyers_go_to_two_and_all_six_have_their_tea() -> None:
    tea, cup = make.goods(6000), make.goods(900, units=2)
    make.promotion("GIFT", label="送小茶杯", parts=[(5000, cup.pk, 1)])
    buyers = [make.buyer() for _ in range(6)]

    outcome = all_answers([lambda b=buyer: _place(b, tea, 6000) for buyer in buyers])

    assert outcome == {"placed": 6}
    gifts = [order.lines.filter(is_gift=True).count() for order in Order.objects.all()]
    assert sorted(gifts) == [0, 0, 0, 0, 1, 1]
    stock = Stock.objects.get(sku=cup)
    assert (stock.on_hand, stock.held) == (2, 2)


def test_paying_and_closing_at_once_end_in_one_of_the_two_with_everything_accounted_for() -> None:
    cup, buyer = make.goods(6000, units=4), _purse(100)
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)
    order = make.order(*buyer, [(cup, 1)], use_points=True)

    def pay() -> str:
        make.pay(order)
        return "done"

    def close() -> str:
        make.close(order)
        return "done"

    all_answers([pay, close])

    order.refresh_from_db()
    coupon.refresh_from_db()
    stands = (order.status, coupon.status, points.standing(buyer[0]), Stock.objects.get().on_hand)
    assert stands in [("PAID", "USED", (0, 0), 3), ("CLOSED", "AVAILABLE", (100, 0), 4)]


def test_six_clicks_on_the_whole_refund_give_everything_back_once() -> None:
    cup, buyer = make.goods(6000, units=4), _purse(100)
    order = make.order(*buyer, [(cup, 1)], use_points=True)
    make.pay(order)
    operator = User.objects.create(username="掌柜")

    def refund() -> str:
        done = aftersales.refund_unshipped(
            order_no=order.order_no, reason="x", operator=operator, at=make.NOW
        )
        return "refunded" if done else "again"

    assert all_answers([refund] * 6) == {"refunded": 1, "again": 5}
    assert Refund.objects.get().amount_fen == 5900
    assert points.standing(buyer[0]) == (100, 0)
    assert Stock.objects.get().on_hand == 4
