"""A first order, from wx.login to receipt, over HTTP only; the operator ships, the clock and the post do the rest."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.utils import timezone

from apps.outbox import services as outbox
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as warehouse
from tests.apps.members import make as members
from tests.journeys.shopper import HOME, PHONE, Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def open_shop() -> None:
    """Cups at ¥50, teapots at ¥120; 满100减15; ¥8 postage; everybody a plain member."""
    members.level("普通会员", rank=1)
    members.privacy("1.0")
    counter.goods(5000, units=10, title="手工陶瓷茶杯套装")
    counter.goods(12_000, units=3, title="紫砂茶壶")
    counter.freight(800)
    counter.promotion(label="春茶节满减")


def buy(shopper: Shopper, wechat: Sandbox) -> Any:
    """The story; returns the order as the shopper sees it at the end."""
    welcome = shopper.logs_in()
    assert (welcome["is_new"], welcome["level"]["name"]) == (True, "普通会员")

    refused = shopper.call("POST", "/me/phone", {"code": wechat.phone_code(shopper.openid)})
    assert (refused.status, refused.body["code"]) == (403, "consent_required")
    shopper.does("POST", "/me/consents", {"document": "privacy", "version": "1.0"})
    code = wechat.phone_code(shopper.openid, phone=PHONE)
    assert shopper.does("POST", "/me/phone", {"code": code})["phone"] == PHONE

    (found,) = shopper.does("GET", "/products?q=茶杯")["results"]
    cup = shopper.does("GET", f"/products/{found['id']}")["skus"][0]
    assert (cup["price_fen"], cup["available"]) == (5000, 10)
    for _ in range(2):
        shopper.does("POST", "/cart/items", {"sku_id": cup["id"], "quantity": 1})
    (line,) = shopper.does("GET", "/cart")["items"]
    assert (line["quantity"], line["unit_price_fen"]) == (2, 5000)

    choice = {"from_cart": True, "address_id": shopper.writes_address()}
    order = shopper.places(choice, remark="请轻拿轻放 🍵")
    # Two cups at ¥50 less ¥15 plus ¥8 postage.
    figures = [order[name] for name in ("goods_fen", "reduction_fen", "shipping_fen", "payable_fen")]
    assert (order["status"], figures) == ("UNPAID", [10_000, 1500, 800, 9300])
    assert order["address"] == HOME
    assert shopper.does("GET", "/cart")["items"] == []
    assert shopper.sees_in_stock(found["id"]) == 8

    order_no = order["order_no"]
    transaction_id = shopper.pays(order_no)
    paid = shopper.waits_for(order_no, "PAID")
    assert paid["paid_at"] is not None
    (at_wechat,) = wechat.transactions()
    assert (at_wechat["transaction_id"], at_wechat["amount_fen"]) == (transaction_id, 9300)

    now = timezone.now()
    warehouse.carriers()
    warehouse.parcel(
        warehouse.Order.objects.get(order_no=order_no), carrier_code="SF", tracking_no="SF1234567890", at=now
    )
    outbox.deliver_due(at=now)
    (told,) = wechat.shipments()
    assert (told["transaction_id"], told["complete"]) == (transaction_id, True)
    assert told["parcels"][0]["item_desc"] == "手工陶瓷茶杯套装*2"
    (parcel,) = shopper.sees(order_no)["parcels"]
    assert (parcel["carrier_name"], parcel["tracking_no"]) == ("顺丰速运", "SF1234567890")

    shopper.does("POST", f"/orders/{order_no}/receive")
    again = shopper.call("POST", f"/orders/{order_no}/receive")
    assert (again.status, again.body["code"]) == (409, "move_refused")
    return shopper.sees(order_no)


def test_a_first_order_goes_from_login_to_receipt(shop: str, wechat: Sandbox) -> None:
    open_shop()

    received = buy(Shopper(shop, wechat), wechat)

    assert (received["status"], received["remark"]) == ("RECEIVED", "请轻拿轻放 🍵")
    assert [(move["move"], move["actor"]) for move in received["history"]] == [
        ("place", "member"),
        ("pay", "wechat"),
        ("ship", "operator"),
        ("receive", "member"),
    ]
    moments = [received[name] for name in ("created_at", "paid_at", "shipped_at", "received_at")]
    assert moments == sorted(moments)
    assert received["closed_at"] is None


def test_a_whole_order_leaves_nobodys_secrets_in_the_log(
    shop: str, wechat: Sandbox, log_lines: StringIO
) -> None:
    open_shop()
    shopper = Shopper(shop, wechat)

    order = buy(shopper, wechat)
    shopper.call("POST", "/me/phone", {"code": "a code that is used up"})
    shopper.call("GET", "/products?q=13912345678")
    shopper.does("POST", "/auth/logout", {"refresh": shopper.tokens["refresh"]})
    shopper.call("GET", "/me")

    written = log_lines.getvalue()
    assert f"/api/v1/orders/{order['order_no']}/pay" in written
    secrets = [PHONE, shopper.openid, shopper.tokens["access"], shopper.tokens["refresh"]]
    secrets += [HOME["detail"], HOME["name"], "session_key"]
    for call in wechat.calls():
        query = dict(pair.partition("=")[::2] for pair in call["query"].split("&"))
        secrets += [query[name] for name in ("access_token", "js_code", "secret") if query.get(name)]
    assert len(secrets) > 9
    assert [secret for secret in secrets if secret in written] == []


def test_a_receipt_that_the_shopper_confirms_in_wechat_reaches_the_shop(
    shopper: Shopper, wechat: Sandbox
) -> None:
    cup = counter.goods(5000)
    order_no = shopper.orders(cup.pk)["order_no"]
    transaction_id = shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    now = timezone.now()
    warehouse.carriers()
    warehouse.parcel(warehouse.Order.objects.get(order_no=order_no), at=now)
    outbox.deliver_due(at=now)

    wechat.put_clock_ahead(86_400)
    wechat.confirm_receipt(transaction_id)
    wechat.wait(lambda: [push for push in wechat.pushes() if "settlement_time" in push["content"]])
    wechat.wait(lambda: [push for push in wechat.pushes() if push["state"] == "ACCEPTED"][1:])
    outbox.deliver_due(at=timezone.now())

    received = shopper.sees(order_no)
    assert received["status"] == "RECEIVED"
    assert received["history"][-1]["actor"] == "wechat"
