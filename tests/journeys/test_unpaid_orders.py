"""What nobody pays gives everything back: by the clock, by the shopper, and even when money comes too late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.checkout import asking, closing
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.wechat.sandbox.control import PaymentFailed, Sandbox
from tests.apps.checkout import make as counter
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_that_nobody_pays_closes_itself_though_redis_was_emptied_and_nobody_looks(
    shopper: Shopper,
) -> None:
    cup = counter.goods(5000, units=3)
    order = shopper.orders(cup.pk, 2)
    expires_at = datetime.fromisoformat(order["expires_at"])
    assert expires_at - datetime.fromisoformat(order["created_at"]) == timedelta(minutes=30)
    assert shopper.sees_in_stock(cup.product_id) == 1
    cache.clear()

    assert closing.close_expired(at=expires_at - timedelta(seconds=1)) == 0
    assert closing.close_expired(at=expires_at) == 1

    closed = shopper.sees(order["order_no"])
    assert (closed["status"], closed["history"][-1]["actor"]) == ("CLOSED", "system")
    assert shopper.sees_in_stock(cup.product_id) == 3
    refused = shopper.call("POST", f"/orders/{order['order_no']}/pay")
    assert (refused.status, refused.body["code"]) == (409, "order_not_payable")


def test_a_cancelled_order_gives_its_goods_back_and_can_be_paid_no_more(
    shopper: Shopper, wechat: Sandbox
) -> None:
    cup = counter.goods(5000, units=3)
    order_no = shopper.orders(cup.pk, 3)["order_no"]
    asked = shopper.asks_to_pay(order_no)

    cancelled = shopper.does("POST", f"/orders/{order_no}/cancel")

    assert (cancelled["status"], cancelled["history"][-1]["actor"]) == ("CLOSED", "member")
    assert shopper.sees_in_stock(cup.product_id) == 3
    with pytest.raises(PaymentFailed):
        wechat.pay(shopper.openid, asked)
    again = shopper.call("POST", f"/orders/{order_no}/cancel")
    assert (again.status, again.body["code"]) == (409, "order_not_cancellable")


def test_money_that_comes_after_the_close_goes_back_once_and_the_order_stays_closed(
    shopper: Shopper, wechat: Sandbox
) -> None:
    cup = counter.goods(5000, units=1)
    order_no = shopper.orders(cup.pk)["order_no"]
    shopper.asks_to_pay(order_no)
    shopper.does("POST", f"/orders/{order_no}/cancel")
    other = Shopper(shopper.shop, wechat, "老王")
    other.logs_in()
    taken = other.orders(cup.pk)  # the cup is promised to somebody else by now

    number = wechat.transactions()[0]["out_trade_no"]
    wechat.fault("notify_repeated", copies=3)
    wechat.pay_although_closed(number)
    wechat.wait(lambda: [row for row in wechat.notifies(number) if len(row["attempts"]) >= 4])
    for minute in range(3):
        later = timezone.now() + timedelta(minutes=minute)
        outbox.deliver_due(at=later)
        refunds.submit_due(at=later)

    wechat.wait(lambda: [row for row in wechat.refunds() if row["status"] == "SUCCESS"])
    (refund,) = wechat.refunds()
    assert (refund["out_trade_no"], refund["refund_fen"], refund["total_fen"]) == (number, 5000, 5000)
    assert shopper.sees(order_no)["status"] == "CLOSED"
    assert other.sees(taken["order_no"])["status"] == "UNPAID"
    assert shopper.sees_in_stock(cup.product_id) == 0


def test_a_payment_whose_notify_was_lost_is_found_by_asking(shopper: Shopper, wechat: Sandbox) -> None:
    cup = counter.goods(5000, units=1)
    order_no = shopper.orders(cup.pk)["order_no"]
    wechat.fault("notify_lost")
    shopper.pays(order_no)
    assert shopper.sees(order_no)["status"] == "UNPAID"

    asking.query_unheard(at=timezone.now() + timedelta(seconds=61))

    assert shopper.sees(order_no)["status"] == "PAID"
    wechat.resend(wechat.transactions()[0]["out_trade_no"])  # it turns up after all
    wechat.wait_for_notify(wechat.transactions()[0]["out_trade_no"])
    assert [move["move"] for move in shopper.sees(order_no)["history"]] == ["place", "pay"]


def test_a_lying_and_stuttering_wechat_pays_an_order_once(shopper: Shopper, wechat: Sandbox) -> None:
    cup = counter.goods(5000, units=5)
    first, second = (shopper.orders(cup.pk)["order_no"] for _ in range(2))
    wechat.fault("notify_reordered")
    wechat.fault("notify_wrong_signature")
    wechat.fault("notify_wrong_amount", amount_fen=1)
    wechat.fault("notify_repeated", copies=3)

    for order_no in (first, second):
        shopper.pays(order_no)

    for order_no in (first, second):
        paid = shopper.waits_for(order_no, "PAID")
        assert [move["move"] for move in paid["history"]] == ["place", "pay"]
    assert shopper.sees_in_stock(cup.product_id) == 3
    assert wechat.refunds() == []


def test_while_wechat_is_down_nobody_can_pay_and_then_the_same_order_is_paid(
    shopper: Shopper, wechat: Sandbox
) -> None:
    cup = counter.goods(5000, units=1)
    order_no = shopper.orders(cup.pk)["order_no"]
    wechat.fault("http_status", path="/v3/pay/*", status=500, times=9)

    refused = shopper.call("POST", f"/orders/{order_no}/pay")

    assert refused.status in {502, 503, 504}
    assert refused.body["code"] == "wechat_unavailable"
    assert shopper.sees(order_no)["status"] == "UNPAID"
    assert shopper.call("POST", f"/orders/{order_no}/cancel").status in {502, 503, 504}
    assert shopper.sees_in_stock(cup.product_id) == 0

    wechat.clear_faults()
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")


def test_who_presses_pay_again_and_again_pays_once(shopper: Shopper, wechat: Sandbox) -> None:
    cup = counter.goods(5000, units=1)
    order_no = shopper.orders(cup.pk)["order_no"]

    first, second = shopper.asks_to_pay(order_no), shopper.asks_to_pay(order_no)
    assert first["package"] == second["package"]
    wechat.pay(shopper.openid, first)
    with pytest.raises(PaymentFailed):
        wechat.pay(shopper.openid, second)
    shopper.waits_for(order_no, "PAID")

    assert shopper.asks_to_pay(order_no) == {"paid": True}
    assert len(wechat.transactions()) == 1
