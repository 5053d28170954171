"""A flash sale over HTTP: sold out in a moment, an order that nobody pays, and who waited for it is served."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.checkout import asking, closing
from apps.desk import campaign_file
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def on_sale(sku_id: int) -> int:
    """A session of one unit that runs now, as another program makes it; the id of its good."""
    now = timezone.now()
    session = {
        "code": "TEN",
        "title": "十点秒杀",
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "goods": [{"sku_id": sku_id, "price_fen": 900, "quota": 1, "limit_per_member": 1}],
        "combines": [],
    }
    told = campaign_file.load(json.dumps({"flash_sales": [session]}), at=now)
    return int(told["flash_sales"]["TEN"]["goods"][str(sku_id)])


def left(who: Shopper) -> int:
    return int(who.does("GET", "/flash-sales")["results"][0]["goods"][0]["left"])


def comes(shop: str, wechat: Sandbox, name: str) -> Shopper:
    person = Shopper(shop, wechat, name)
    person.logs_in()
    return person


def test_a_flash_order_that_lapses_is_the_waiters(shopper: Shopper, shop: str, wechat: Sandbox) -> None:
    cache.clear()
    counter.freight(0)
    cup = counter.goods(50_00, units=5)
    good_id = on_sale(cup.pk)
    waiter, passer_by = comes(shop, wechat, "老王"), comes(shop, wechat, "小李")

    def choice(who: Shopper) -> dict[str, Any]:
        return {
            "items": [{"sku_id": cup.pk, "quantity": 1}],
            "address_id": who.writes_address(),
            "activity": {"kind": "flash_sale", "id": good_id},
        }

    badge = passer_by.does("GET", f"/products/{cup.product_id}")["badges"][0]
    assert (badge["id"], badge["price_fen"], left(passer_by)) == (good_id, 900, 1)
    order = shopper.places(choice(shopper))
    assert (order["payable_fen"], order["activity"]["title"]) == (900, "十点秒杀")
    refused = waiter.call("POST", "/checkout/quote", choice(waiter))
    assert (refused.status, refused.body["code"]) == (409, "activity_sold_out")
    assert waiter.does("POST", f"/flash-sales/goods/{good_id}/waits")["place"] == 1

    expires_at = datetime.fromisoformat(order["expires_at"])
    assert closing.close_expired(at=expires_at) == 1
    assert shopper.sees(order["order_no"])["status"] == "CLOSED"
    assert waiter.does("GET", "/me/waits")["results"][0]["state"] == "YOURS"
    assert [left(passer_by), left(waiter)] == [0, 1]
    refused = passer_by.call("POST", "/checkout/quote", choice(passer_by))
    assert (refused.status, refused.body["code"]) == (409, "activity_sold_out")

    served = waiter.places(choice(waiter))
    waiter.pays(served["order_no"])
    asking.query_unheard(at=timezone.now() + timedelta(minutes=5))
    paid = waiter.waits_for(served["order_no"], "PAID")
    assert (paid["payable_fen"], paid["activity"]["id"]) == (900, good_id)
    assert waiter.does("GET", "/me/waits")["results"][0]["state"] == "USED"
    assert waiter.sees_in_stock(cup.product_id) == 4
