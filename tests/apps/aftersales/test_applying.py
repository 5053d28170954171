"""What shoppers may ask for after the sale, for how much, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.aftersales import planning, proposing
from apps.aftersales.models import AfterSale
from apps.aftersales.services import applying
from apps.coupons.models import Coupon
from apps.orders.models import OrderLine
from apps.payments.models import Refund
from mall.errors import NotFound
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons

pytestmark = pytest.mark.django_db


def test_the_worked_figures_of_the_contract_come_out_and_no_fen_is_left() -> None:
    counter.freight(800)
    buyer = counter.buyer()
    cup, pot, spoon = counter.goods(1999), counter.goods(2999), counter.goods(500)
    coupons.held(buyer[0], coupons.template("AMOUNT_OFF", off_fen=1000, threshold_fen=0))
    order = make.paid(buyer, [(cup, 1), (pot, 1), (spoon, 3)])

    taken = {line.sku_id: line.list_fen - line.payable_fen for line in order.lines.all()}
    assert (taken[cup.pk], taken[pot.pk], taken[spoon.pk]) == (308, 461, 231)
    assert order.payable_fen == 6298
    amounts = []
    for sku in (spoon, spoon, spoon, cup, pot):
        row = apply.applied(order, {sku: 1})
        amounts.append(row.amount_fen)
        apply.approve(row)
        apply.wechat_says()
        assert apply.fresh(row).status == "DONE"
    # The last line of an order that never left carries its postage back.
    assert amounts == [423, 423, 423, 1691, 2538 + 800]
    assert sum(amounts) == 6298 == make.fresh(order).refunded_fen
    assert Coupon.objects.get().status == "AVAILABLE"
