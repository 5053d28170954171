"""What shoppers see of refunds: what went back of which order, to where, and whether it has arrived."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.renderers import JSONRenderer

from apps.checkout import examples
from apps.checkout import refunds as shown_refunds
from apps.checkout.serializers import OrderSerializer
from apps.fulfillment import selectors as parcel_facts
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.payments.models import Refund
from apps.payments.services import refunds
from apps.wechat.pay import facts
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def sees(shopper: Any, order: Order) -> Any:
    return shopper.call("GET", f"/orders/{order.order_no}").json()


def wechat_says(status: str) -> None:
    """WeChat's word about the refund that was asked for last."""
    said = payments.refunded(Refund.objects.latest("id"), status=status)
    refunds.apply_result(result=facts.refund(said), at=make.LATER)


def test_a_refund_is_shown_with_its_items_as_under_way_until_wechat_has_paid_it(shopper_of: Shoppers) -> None:
    buyer, cup = counter.buyer(), counter.goods(5000)
    order = make.paid(buyer, [(cup, 2)])
    made = make.refund(order, {cup: 1})
    shopper = shopper_of(buyer[0])

    seen = sees(shopper, order)

    assert (seen["status"], seen["refunded_fen"], seen["items"][0]["refunded"]) == ("PAID", 5000, 1)
    assert seen["money_back_fen"] == 0
    assert seen["refunds"] == [
        {
            "refund_no": made.refund_no,
            "status": "PENDING",
            "status_text": "退款中",
            "amount_fen": 5000,
            "shipping_fen": 0,
            "wechat_fen": 5000,
            "balance_fen": 0,
            "points": 0,
            "points_taken": 0,
            "reason": "杯口有裂纹",
            "at": "2026-03-02T13:00:00+08:00",
            "done_at": None,
            "items": seen["refunds"][0]["items"],
        }
    ]
    (item,) = seen["refunds"][0]["items"]
    assert [item[name] for name in ("product_id", "sku_id", "quantity", "amount_fen", "is_gift")] == [
        cup.product_id,
        cup.pk,
        1,
        5000,
        False,
    ]
    assert shopper.call("GET", "/orders").json()["results"][0]["refunds"] == seen["refunds"]
    wechat_says("SUCCESS")
    (refund,) = sees(shopper, order)["refunds"]
    assert (refund["status"], refund["done_at"]) == ("DONE", "2026-11-23T12:05:00+08:00")
    assert sees(shopper, order)["money_back_fen"] == 5000
    (example,) = examples.PART_REFUNDED["refunds"]
    assert (set(refund), set(refund["items"][0])) == (set(example), set(example["items"][0]))


def test_what_wechat_closed_has_failed_until_its_successor_is_under_way(shopper_of: Shoppers) -> None:
    buyer, cup = counter.buyer(), counter.goods(5000)
    order = make.paid(buyer, [(cup, 1)])
    make.ship(order)
    make.refund(order, {cup: 1})
    shopper = shopper_of(buyer[0])

    def read() -> tuple[str, str, str, int]:
        seen = sees(shopper, order)
        return (
            seen["status"],
            seen["status_text"],
            seen["refunds"][0]["status"],
            seen["money_back_fen"],
        )

    assert read() == ("REFUNDED", "退款中", "PENDING", 0)
    wechat_says("CLOSED")
    assert read() == ("REFUNDED", "退款异常", "FAILED", 0)
    refunds.resubmit(refund_no=Refund.objects.get().refund_no, at=make.LATER)
    assert read() == ("REFUNDED", "退款中", "PENDING", 0)
    wechat_says("SUCCESS")
    assert read() == ("REFUNDED", "已退款", "DONE", 5000)


def test_stored_value_is_back_at_once_and_postage_alone_has_no_items(
    shopper_of: Shoppers, settings: Any
) -> None:
    settings.WALLET_ENABLED = True
    counter.freight(800)
    buyer, cup = counter.buyer(), counter.goods(1000)
    wallets.funded(5000, member=buyer[0])
    order = make.paid(buyer, [(cup, 1)], use_balance=True)
    make.ship(order)
    make.refund(order, shipping_fen=300)
    (refund,) = sees(shopper_of(buyer[0]), order)["refunds"]
    assert (refund["status"], refund["balance_fen"], refund["items"]) == ("DONE", 300, [])
    assert refund["done_at"] == refund["at"]


def test_thirty_refunded_orders_are_listed_in_as_many_statements_as_three(shopper_of: Shoppers) -> None:
    buyer, cup = counter.buyer(), counter.goods(1000, units=100)
    shopper = shopper_of(buyer[0])
    counts = []
    for more in (3, 27):
        for _ in range(more):
            order = make.paid(buyer, [(cup, 2)])
            make.refund(order, {cup: 1})
            make.refund(order, {cup: 1})
        with CaptureQueriesContext(connection) as counted:
            rows = shopper.call("GET", "/orders?page_size=100").json()["results"]
        assert [len(row["refunds"]) for row in rows] == [2] * len(rows)
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 6


def _described(order: Order, *, gone: bool) -> Any:
    """The order as the serializers, of which the API's documentation is made, describe it; ``gone``: parcels left."""
    read = order_facts.of_member(member=order.member, order_no=order.order_no)
    parcels = parcel_facts.parcels_of([order.pk]) if gone else {}
    context = {"parcels": parcels, "refunds": shown_refunds.shown_of([read])}
    return json.loads(JSONRenderer().render(OrderSerializer(read, context=context).data))


@pytest.mark.parametrize("until", ["placed", "paid", "sent", "refunded"])
def test_an_order_is_answered_as_the_documentation_describes_it(shopper_of: Shoppers, until: str) -> None:
    buyer, cup, bowl = counter.buyer(), counter.goods(5000), counter.goods(1000)
    counter.promotion()
    counter.promotion("GIFT", label="满50送碗", parts=[(5000, bowl.pk, 1)])
    counter.freight(800)
    order = counter.order(*buyer, [(cup, 2), (bowl, 1)])
    if until != "placed":
        counter.pay(order)
    if until in {"sent", "refunded"}:
        fulfillment.carriers()
        make.ship(order, {cup: 1})
    if until == "refunded":
        make.refund(make.fresh(order), {cup: 1})

    seen = sees(shopper_of(buyer[0]), order)
    described = _described(make.fresh(order), gone=until != "placed")

    del seen["server_time"], described["server_time"]
    assert seen == described
    assert (bool(seen["parcels"]), bool(seen["refunds"])) == (
        until in {"sent", "refunded"},
        until == "refunded",
    )
