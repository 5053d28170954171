"""Closing what was not paid: stock comes back, money that came after all is never lost, WeChat may be away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.checkout import closing
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from apps.payments.models import Payment
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
EXPIRED = make.NOW + timedelta(minutes=30)


def _attempt(order: Order) -> Payment:
    return Payment.objects.create(
        payment_no=f"PY{order.order_no[2:]}",
        order=order,
        amount_fen=order.payable_fen,
        started_at=order.created_at,
        expires_at=order.expires_at,
    )


def test_a_cancelled_order_gives_its_stock_back(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=3)
    order = make.order(member, address, [(cup, 2)], at=datetime.now(tz=UTC))
    assert stock_facts.available([cup.pk]) == {cup.pk: 1}

    answer = shopper_of(member).call("POST", f"/orders/{order.order_no}/cancel")

    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "CLOSED"
    assert answer.json()["closed_at"] is not None
    assert answer.json()["history"][-1]["note"] == "买家取消"
    assert stock_facts.available([cup.pk]) == {cup.pk: 3}
    assert list(Announcement.objects.order_by("id").values_list("kind", flat=True)) == [
        "OrderPlaced",
        "OrderClosed",
    ]


def test_cancelling_twice_or_after_payment_is_refused(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=3)
    cancelled, paid = (make.order(member, address, [(cup, 1)]) for _ in range(2))
    with transaction.atomic():
        orders.move(order_no=paid.order_no, move="pay", actor=Actor.WECHAT, at=make.NOW)
    shopper = shopper_of(member)
    shopper.call("POST", f"/orders/{cancelled.order_no}/cancel")
    for order, status in ((cancelled, "CLOSED"), (paid, "PAID")):
        answer = shopper.call("POST", f"/orders/{order.order_no}/cancel")
        assert (answer.status_code, answer.json()["code"]) == (409, "order_not_cancellable")
        assert answer.json()["details"] == {"status": status}
    assert stock_facts.available([cup.pk]) == {cup.pk: 2}


def test_while_wechat_is_away_an_order_under_payment_stays_as_it_is(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=3)
    order = make.order(member, address, [(cup, 1)])
    _attempt(order)  # the settings of the tests point at a port where nobody listens

    answer = shopper_of(member).call("POST", f"/orders/{order.order_no}/cancel")

    assert answer.status_code in {502, 503, 504}
    assert answer.json()["code"] == "wechat_unavailable"
    order.refresh_from_db()
    assert order.status == "UNPAID"
    assert stock_facts.available([cup.pk]) == {cup.pk: 2}


def test_cancelling_closes_the_payment_at_wechat_first(wechat: Sandbox, shopper_of: Shoppers) -> None:
    member, address = make.buyer(openid=wechat.login("小茶").openid)
    cup = make.goods(5000, units=3)
    order = make.order(member, address, [(cup, 1)], at=datetime.now(tz=UTC))
    shopper = shopper_of(member)
    assert shopper.call("POST", f"/orders/{order.order_no}/pay").status_code == 200

    answer = shopper.call("POST", f"/orders/{order.order_no}/cancel")

    assert answer.json()["status"] == "CLOSED", answer.content
    payment = Payment.objects.get()
    assert payment.status == "CLOSED"
    assert wechat.transaction(payment.payment_no)["state"] == "CLOSED"


def test_an_order_that_was_paid_at_wechat_cannot_be_cancelled_and_becomes_paid(
    wechat: Sandbox, shopper_of: Shoppers
) -> None:
    member, address = make.buyer(openid=wechat.login("小茶").openid)
    cup = make.goods(5000, units=3)
    order = make.order(member, address, [(cup, 1)], at=datetime.now(tz=UTC))
    shopper = shopper_of(member)
    wechat.pay(member.openid, shopper.call("POST", f"/orders/{order.order_no}/pay").json())

    answer = shopper.call("POST", f"/orders/{order.order_no}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_cancellable")
    assert answer.json()["details"] == {"status": "PAID"}
    assert shopper.call("GET", f"/orders/{order.order_no}").json()["status"] == "PAID"


def test_what_is_not_paid_in_time_closes_itself_at_the_very_minute() -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=3)
    order = make.order(member, address, [(cup, 2)])

    assert closing.close_expired(at=EXPIRED - timedelta(microseconds=1)) == 0
    assert closing.close_expired(at=EXPIRED) == 1
    assert closing.close_expired(at=EXPIRED) == 0

    order.refresh_from_db()
    assert (order.status, order.closed_at) == ("CLOSED", EXPIRED)
    last = order.history.order_by("id").last()
    assert (last.actor, last.note) == ("system", "超时未支付")
    assert stock_facts.available([cup.pk]) == {cup.pk: 3}


def test_while_wechat_is_away_the_sweep_closes_what_nobody_tried_to_pay() -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    for _ in range(5):
        _attempt(make.order(member, address, [(cup, 1)]))
    untouched = make.order(member, address, [(cup, 1)])

    assert closing.close_expired(at=EXPIRED) == 1

    untouched.refresh_from_db()
    assert untouched.status == "CLOSED"
    assert Order.objects.filter(status="UNPAID").count() == 5
    assert stock_facts.available([cup.pk]) == {cup.pk: 15}


def test_one_broken_order_does_not_stop_the_sweep() -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    broken = make.order(member, address, [(cup, 1)])
    sound = make.order(member, address, [(cup, 1)])
    with transaction.atomic():
        inventory.commit(order_no=broken.order_no, at=make.NOW)  # as if it had been paid: its hold is gone

    assert closing.close_expired(at=EXPIRED) == 1

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.status, sound.status) == ("UNPAID", "CLOSED")


def test_more_overdue_orders_than_a_batch_holds_are_all_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "_BATCH", 2)
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    for _ in range(5):
        make.order(member, address, [(cup, 1)])
    assert closing.close_expired(at=EXPIRED) == 5
    assert stock_facts.available([cup.pk]) == {cup.pk: 20}
