"""A pre-sale from its deposit to a refund of one of two units, over HTTP, with WeChat answering."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.aftersales.planning import Wish
from apps.checkout import closing
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund
from apps.payments.services import refunds
from apps.presale.models import Reservation
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


def test_a_balance_that_was_begun_in_its_window_and_paid_after_it_goes_back_whole(
    shopper: Shopper, wechat: Sandbox
) -> None:
    now = timezone.now()
    row = make.live(balance_from=now - make.HOUR / 2, deposit_refundable=True)
    choice = {
        "items": [{"sku_id": make.skus_of(row)[0].pk, "quantity": 1}],
        "address_id": shopper.writes_address(),
        "activity": {"kind": "presale", "id": row.pk},
    }
    order_no = shopper.places(choice)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "RESERVED")
    begun = shopper.asks_to_pay(order_no)

    # The window is over, by a second; nobody has looked at it yet.
    over = timezone.now() - timedelta(seconds=1)
    order = Order.objects.get(order_no=order_no)
    Order.objects.update(activity={**(order.activity or {}), "balance_until": over.isoformat()})
    Reservation.objects.update(balance_until=over)
    wechat.pay(shopper.openid, begun)
    wechat.wait(lambda: list(Payment.objects.filter(is_surplus=True).values("payment_no")))
    outbox.deliver_due(at=timezone.now())
    assert shopper.sees(order_no)["status"] == "RESERVED"
    assert closing.close_expired(at=timezone.now()) == 1
    assert refunds.submit_due(at=timezone.now()) == 2
    wechat.wait(lambda: [shopper.sees(order_no)] if shopper.sees(order_no)["money_back_fen"] == 13000 else [])
    seen = shopper.sees(order_no)
    assert (seen["status"], [stage["status"] for stage in seen["stages"]]) == (
        "CLOSED",
        ["REFUNDED", "LAPSED"],
    )
    assert sorted((refund["amount_fen"], refund["status"]) for refund in seen["refunds"]) == [
        (2000, "DONE"),
        (11000, "DONE"),
    ]
    assert seen["refunded_fen"] == 2000


def test_a_balance_that_was_paid_in_time_is_asked_for_before_the_order_lapses(
    shopper: Shopper, wechat: Sandbox
) -> None:
    now = timezone.now()
    row = make.live(balance_from=now - make.HOUR / 2)
    choice = {
        "items": [{"sku_id": make.skus_of(row)[0].pk, "quantity": 1}],
        "address_id": shopper.writes_address(),
        "activity": {"kind": "presale", "id": row.pk},
    }
    order_no = shopper.places(choice)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "RESERVED")
    begun = shopper.asks_to_pay(order_no)
    wechat.fault("notify_lost")
    wechat.pay(shopper.openid, begun)
    assert shopper.sees(order_no)["status"] == "RESERVED"
    # An hour after the window WeChat is asked, and says that it was paid in it.
    assert closing.close_expired(at=row.balance_until + make.HOUR) == 0
    assert shopper.sees(order_no)["status"] == "PAID"
