"""A price with its reasons, over HTTP only: coupon, points, gift and offer together, undone, paid, and refunded."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.points import services as points
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_shopper_uses_all_there_is_changes_her_mind_pays_and_gets_everything_back(
    shop: str, wechat: Sandbox
) -> None:
    cup, bowl = counter.goods(6000, units=5, title="茶杯"), counter.goods(900, units=5, title="小茶碗")
    counter.promotion(label="满100减15", limits={"per_member": 1})
    counter.promotion("GIFT", label="满50送小茶碗", parts=[(5000, bowl.pk, 1)])
    coupons.template("新人减8", kind="NO_THRESHOLD", threshold_fen=0, off_fen=800, occasion="REGISTRATION")
    counter.freight(800)

    # She registers; the post brings the newcomer's coupon, an operator some points.
    shopper = Shopper(shop, wechat)
    shopper.logs_in()
    outbox.deliver_due(at=timezone.now())
    (mine,) = shopper.does("GET", "/me/coupons")["results"]
    member = Member.objects.get()
    points.earn(member_id=member.pk, amount=300, cause="welcome", at=timezone.now())

    # One cup: the coupon applies, and the quote says what a little more would bring.
    alone = shopper.does("POST", "/checkout/quote", {"items": [{"sku_id": cup.pk, "quantity": 1}]})
    assert (alone["payable_fen"], alone["coupon_id"]) == (5200, mine["id"])
    assert [hint["reason"] for hint in alone["hints"]] == ["再买 ¥40.00 可减 ¥15.00"]

    # Two cups: 120.00 − 15.00 − 8.00 − 3.00 of points + 8.00 postage = 102.00, and a bowl on top.
    choice = {
        "items": [{"sku_id": cup.pk, "quantity": 2}],
        "address_id": shopper.writes_address(),
        "use_points": True,
    }
    order = shopper.places(choice)
    assert (order["payable_fen"], order["points_used"]) == (10_200, 300)
    assert [r["label"] for r in order["applied"]] == ["满100减15", "新人减8", "积分抵扣"]
    assert [(item["title"], item["is_gift"]) for item in order["items"]] == [
        ("茶杯", False),
        ("小茶碗", True),
    ]
    assert shopper.does("GET", "/me/points")["balance"] == 0

    # She thinks better of it, and has everything again.
    shopper.does("POST", f"/orders/{order['order_no']}/cancel")
    assert shopper.does("GET", "/me/points")["balance"] == 300
    assert shopper.does("GET", f"/me/coupons/{mine['id']}")["status"] == "AVAILABLE"

    # She orders it after all and pays.
    order_no = shopper.places(choice)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    assert shopper.does("GET", f"/me/coupons/{mine['id']}")["status"] == "USED"

    # The shop cannot send it: money once, and all that it took, go back.
    operator = User.objects.create(username="掌柜")
    for _ in range(2):
        aftersales.refund_unshipped(order_no=order_no, reason="缺货", operator=operator, at=timezone.now())
    refunds.submit_due(at=timezone.now())
    assert [row["refund_fen"] for row in wechat.refunds()] == [10_200]
    seen = shopper.sees(order_no)
    assert (seen["status"], seen["history"][-1]["note"]) == ("REFUNDED", "缺货")
    assert shopper.does("GET", "/me/points")["balance"] == 300
    assert shopper.does("GET", f"/me/coupons/{mine['id']}")["status"] == "AVAILABLE"
    assert shopper.sees_in_stock(cup.product_id) == 5
    assert shopper.sees_in_stock(bowl.product_id) == 5
