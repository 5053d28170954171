"""One of two cups comes back: money by WeChat, points clawed back into a debt, and the next earning that pays it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.points import services as points
from apps.wechat.sandbox.control import Sandbox
from tests.admin.refunding import confirmed, filled
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.fulfillment import make as fulfillment
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def received(shopper: Shopper, order_no: str) -> None:
    """The order leaves, arrives, and the post tells everybody."""
    fulfillment.carriers()
    fulfillment.parcel(Order.objects.get(order_no=order_no), at=timezone.now())
    shopper.does("POST", f"/orders/{order_no}/receive")
    outbox.deliver_due(at=timezone.now())


def balance(shopper: Shopper) -> tuple[int, int]:
    mine: Any = shopper.does("GET", "/me/points")
    return mine["balance"], mine["debt"]


def test_a_cup_with_a_crack_is_refunded_and_its_points_become_a_debt_that_the_next_order_pays(
    shopper: Shopper, wechat: Sandbox
) -> None:
    cup, tea = counter.goods(10_000, units=5, title="茶杯"), counter.goods(20_000, units=5, title="明前茶")
    coupons.template("新人减20", kind="NO_THRESHOLD", threshold_fen=0, off_fen=2000, occasion="REGISTRATION")
    outbox.deliver_due(at=timezone.now())
    member = Member.objects.get()
    points.earn(member_id=member.pk, amount=1000, cause="welcome", at=timezone.now())

    # Two cups: 200.00 − 20.00 − 10.00 of 1000 points = 170.00; received, they earn 170 points.
    choice = {
        "items": [{"sku_id": cup.pk, "quantity": 2}],
        "address_id": shopper.writes_address(),
        "use_points": True,
    }
    order_no = shopper.places(choice)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    received(shopper, order_no)
    assert balance(shopper) == (170, 0)

    # They are gone, and more: an operator took 500 that she should never have had. She owes them.
    points.claw_back(member_id=member.pk, amount=170, cause="spent", at=timezone.now())
    points.claw_back(member_id=member.pk, amount=500, cause="by-hand", at=timezone.now())
    assert balance(shopper) == (0, 500)

    # One cup has a crack. The operator refunds it on the order's page.
    operator = Client()
    operator.force_login(User.objects.create_superuser("店长"))
    order = Order.objects.get(order_no=order_no)
    confirmed(operator, order, filled(operator, order, **{f"units_{cup.pk}": "1"}))
    seen = shopper.sees(order_no)
    (refund,) = seen["refunds"]
    assert (seen["status"], seen["refunded_fen"], seen["items"][0]["refunded"]) == ("RECEIVED", 8500, 1)
    assert (refund["status"], refund["amount_fen"], refund["points"], refund["points_taken"]) == (
        "PENDING",
        8500,
        500,
        85,
    )
    (item,) = refund["items"]
    assert [item[name] for name in ("sku_id", "quantity", "amount_fen", "is_gift")] == [
        cup.pk,
        1,
        8500,
        False,
    ]

    # WeChat pays it out; the 500 that came back paid the debt, the 85 that were taken are a new one.
    refunds.submit_due(at=timezone.now())
    assert [row["refund_fen"] for row in wechat.refunds()] == [8500]
    wechat.wait(lambda: shopper.sees(order_no)["refunds"][0]["status"] == "DONE")
    (listed,) = shopper.does("GET", "/orders")["results"]
    assert listed["refunds"][0]["done_at"] is not None
    assert balance(shopper) == (0, 85)

    # The next order earns 200: 85 pay the debt, 115 are hers.
    next_no = shopper.orders(tea.pk)["order_no"]
    shopper.pays(next_no)
    shopper.waits_for(next_no, "PAID")
    received(shopper, next_no)
    assert balance(shopper) == (115, 0)
