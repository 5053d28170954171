"""Refunding a paid order whole before anything left: money once, and everything it used given back exactly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.aftersales import services as aftersales
from apps.checkout import paying
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.fulfillment.models import Carrier
from apps.fulfillment.services import parcels
from apps.inventory.models import Stock
from apps.orders.models import Order
from apps.payments.models import Refund
from apps.promotions.models import Tally
from tests.apps.checkout import make
from tests.apps.coupons import make as make_coupons
from tests.apps.points import make as make_points
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
LATER = make.NOW + timedelta(hours=1)


def _refund(order: Order) -> bool:
    operator, _ = User.objects.get_or_create(username="掌柜")
    return aftersales.refund_unshipped(
        order_no=order.order_no, reason="买家不想要了", operator=operator, at=LATER
    )


def _status(coupon: Coupon) -> str:
    return Coupon.objects.values_list("status", flat=True).get(pk=coupon.pk)


def test_a_refund_gives_back_money_stock_coupon_points_limited_use_and_stored_value(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    member, address = make.buyer()
    cup, gift = make.goods(6000, units=3), make.goods(900, units=3)
    coupon = make_coupons.coupon(member, of=make_coupons.template(), at=make.NOW)
    make_points.points.earn(member_id=member.pk, amount=500, cause="start", at=make.NOW)
    account = wallets.funded(1000, 100, member=member)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 1})
    make.promotion("GIFT", label="送小茶杯", parts=[(4000, gift.pk, 1)])
    order = make.order(member, address, [(cup, 1)], use_points=True, use_balance=True)
    # 60.00 − 5.00 − 10.00 − 5.00 = 40.00, of which 11.00 from stored value
    assert (order.payable_fen, order.due_fen) == (4000, 2900)
    make.pay(order)

    assert _refund(order) is True

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.status, refund.amount_fen, refund.business_key) == (
        "REFUNDED",
        2900,
        f"refund:{order.refunds.get().refund_no}",
    )
    assert (_status(coupon), make_points.standing(member)) == ("AVAILABLE", (500, 0))
    assert wallets.figures(account) == (1000, 100, 0, 0)
    assert [(s.on_hand, s.held) for s in Stock.objects.filter(sku__in=[cup, gift])] == [(3, 0), (3, 0)]
    assert Tally.objects.get().uses == 0
    last = order.history.get(move="refund")
    assert (last.actor, last.note, last.operator.username) == ("operator", "买家不想要了", "掌柜")


def test_refunding_again_changes_nothing() -> None:
    member, address = make.buyer()
    cup = make.goods(6000, units=3)
    make_points.points.earn(member_id=member.pk, amount=500, cause="start", at=make.NOW)
    order = make.order(member, address, [(cup, 1)], use_points=True)
    make.pay(order)
    assert [_refund(order), _refund(order), _refund(order)] == [True, False, False]
    assert Refund.objects.get().amount_fen == 5500
    assert make_points.standing(member) == (500, 0)
    assert Stock.objects.get().on_hand == 3
    assert order.history.filter(move="refund").count() == 1


def test_gift_coupons_of_a_refunded_order_are_taken_back() -> None:
    member, address = make.buyer()
    make_coupons.template("下单送券", occasion="ORDER_GIFT", gift_from_fen=5000)
    order = make.order(member, address, [(make.goods(6000), 1)])
    make.pay(order)
    assert coupons.reward(order_no=order.order_no, at=make.NOW) == 1
    _refund(order)
    assert Coupon.objects.get().status == "REVOKED"
    assert coupons.reward(order_no=order.order_no, at=LATER) == 0


def test_an_order_that_cost_no_money_is_refunded_without_wechat() -> None:
    member, address = make.buyer()
    sample = make.goods(0, units=2)
    order = make.order(member, address, [(sample, 1)])
    paying.pay(member=member, order_no=order.order_no, at=make.NOW)
    assert _refund(order) is True
    assert not Refund.objects.exists()
    assert Stock.objects.get().on_hand == 2


@pytest.mark.parametrize("status", ["UNPAID", "CLOSED", "SHIPPED"])
def test_only_what_is_paid_and_still_here_is_refunded_whole(status: str) -> None:
    member, address = make.buyer()
    order = make.order(member, address, [(make.goods(6000), 1)])
    if status == "CLOSED":
        make.close(order)
    if status == "SHIPPED":
        make.pay(order)
        Order.objects.filter(pk=order.pk).update(status="SHIPPED", shipped_at=LATER)
    with pytest.raises(aftersales.NotWholeAnyMore):
        _refund(order)
    assert not Refund.objects.exists()


def test_an_order_of_which_a_parcel_has_left_is_not_refunded_whole() -> None:
    member, address = make.buyer()
    order = make.order(member, address, [(make.goods(6000), 2)])
    make.pay(order)
    carrier, _ = Carrier.objects.get_or_create(code="SF", defaults={"name": "顺丰速运"})
    parcels.ship(
        order_no=order.order_no,
        carrier_code=carrier.code,
        tracking_no="SF1234567890",
        quantities={order.lines.get().pk: 1},
        operator=None,
        at=LATER,
    )
    with pytest.raises(aftersales.NotWholeAnyMore):
        _refund(order)
