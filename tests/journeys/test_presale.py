"""A pre-sale from its deposit to a refund of one of two units, over HTTP, with WeChat answering."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.aftersales.planning import Wish
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Refund
from apps.payments.services import refunds
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.presale import make
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def test_deposit_balance_and_one_of_two_units_that_comes_back(shopper: Shopper, wechat: Sandbox) -> None:
    counter.freight(800)
    fulfillment.carriers()
    now = timezone.now()
    # The balance can be paid as soon as the deposit is.
    row = make.live(balance_from=now - make.HOUR / 2, ships_by=now + timedelta(days=20), quota=5)
    sku = make.skus_of(row)[0]
    shown = shopper.does("GET", f"/presales/{row.pk}")
    assert (shown["left"], shown["deposit_fen"], shown["deposit_worth_fen"]) == (5, 2000, 5000)

    choice = {
        "items": [{"sku_id": sku.pk, "quantity": 2}],
        "address_id": shopper.writes_address(),
        "activity": {"kind": "presale", "id": row.pk},
    }
    order_no = shopper.places(choice)["order_no"]
    shopper.pays(order_no)
    reserved = shopper.waits_for(order_no, "RESERVED")
    assert [(one["kind"], one["amount_fen"], one["status"]) for one in reserved["stages"]] == [
        ("deposit", 4000, "PAID"),
        ("balance", 22800, "DUE"),
    ]
    shopper.pays(order_no)
    paid = shopper.waits_for(order_no, "PAID")
    assert [one["status"] for one in paid["stages"]] == ["PAID", "PAID"]
    assert sum(one["amount_fen"] for one in paid["stages"]) == paid["payable_fen"] == 26800
    outbox.deliver_due(at=timezone.now())
    # Both payments leave later than WeChat expects, and it knows.
    assert [one["delay_to"] for one in wechat.transactions()] == [int(row.ships_by.timestamp())] * 2

    order = Order.objects.get(order_no=order_no)
    aftersales.refund(
        order_no=order_no,
        wish=Wish(units={order.lines.get().pk: 1}),
        reason="只要一份",
        token="one",
        operator=None,
        at=timezone.now(),
    )
    assert refunds.submit_due(at=timezone.now()) == 1
    assert Refund.objects.get().payment.bill_kind == "balance"
    assert shopper.sees(order_no)["refunded_fen"] == 13000
    assert shopper.does("GET", f"/presales/{row.pk}")["left"] == 4

    make.arrive(row, 1, at=timezone.now())
    fulfillment.parcel(order, at=timezone.now())
    outbox.deliver_due(at=timezone.now() + make.HOUR)
    assert shopper.sees(order_no)["status"] == "SHIPPED"
    # 发货信息 of both payments.
    assert sorted(told["transaction_id"] for told in wechat.shipments()) == sorted(
        payment.transaction_id or "" for payment in order.payments.all()
    )
