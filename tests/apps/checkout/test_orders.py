"""Reading orders over HTTP: one's own only, page by page, in few statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.states import Actor
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _pay(order_no: str) -> None:
    with transaction.atomic():
        orders.move(order_no=order_no, move="pay", actor=Actor.WECHAT, at=make.NOW)


def test_another_member_s_order_does_not_exist(shopper_of: Shoppers) -> None:
    owner, address = make.buyer()
    stranger, _ = make.buyer()
    order = make.order(owner, address, [(make.goods(), 1)])
    shopper = shopper_of(stranger)
    assert shopper.call("GET", f"/orders/{order.order_no}").status_code == 404
    for act in ("cancel", "receive", "pay"):
        assert shopper.call("POST", f"/orders/{order.order_no}/{act}").status_code == 404
    assert shopper.call("GET", "/orders").json()["results"] == []
    order.refresh_from_db()
    assert order.status == "UNPAID"


@pytest.mark.parametrize("junk", ["x", "%00", "SO%00", "9" * 10_000, "%F0%9F%8D%B5", "' OR 1=1"])
def test_junk_for_an_order_number_is_not_found(shopper_of: Shoppers, junk: str) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    assert shopper.call("GET", f"/orders/{junk}").status_code == 404
    assert shopper.call("POST", f"/orders/{junk}/cancel").status_code == 404
    assert shopper.call("POST", f"/orders/{junk}/receive").status_code == 404


def test_orders_are_listed_newest_first_and_by_status(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    first, second, third = (make.order(member, address, [(cup, 1)]) for _ in range(3))
    _pay(second.order_no)
    shopper = shopper_of(member)

    listed = shopper.call("GET", "/orders").json()
    assert [row["order_no"] for row in listed["results"]] == [o.order_no for o in (third, second, first)]
    assert listed["next"] is None
    assert listed["results"][0]["items"][0]["payable_fen"] == 5000
    paid = shopper.call("GET", "/orders?status=PAID").json()["results"]
    assert [(row["order_no"], row["status_text"]) for row in paid] == [(second.order_no, "待发货")]


@pytest.mark.parametrize("status", ["paid", "NOPE", "UNPAID,PAID", "１"])
def test_an_unknown_status_is_refused(shopper_of: Shoppers, status: str) -> None:
    member, _ = make.buyer()
    answer = shopper_of(member).call("GET", f"/orders?status={status}")
    assert (answer.status_code, answer.json()["code"]) == (400, "status_unknown")


def test_orders_come_page_by_page(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    numbers = [make.order(member, address, [(cup, 1)]).order_no for _ in range(5)]
    shopper = shopper_of(member)
    seen: list[str] = []
    path: str | None = "/orders?page_size=2"
    while path:
        answer = shopper.call("GET", path).json()
        seen += [row["order_no"] for row in answer["results"]]
        path = answer["next"] and answer["next"].partition("/api/v1")[2]
    assert seen == numbers[::-1]
    answer = shopper.call("GET", "/orders?cursor=tampered")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


def test_a_hundred_orders_take_as_many_statements_as_ten(shopper_of: Shoppers, settings: Any) -> None:
    settings.MEMBER_UNPAID_ORDERS = 100
    member, address = make.buyer()
    cup = make.goods(5000, units=200)
    shopper = shopper_of(member)
    counts = []
    for more in (10, 90):
        for _ in range(more):
            make.order(member, address, [(cup, 1)])
        with CaptureQueriesContext(connection) as counted:
            assert len(shopper.call("GET", "/orders?page_size=100").json()["results"]) >= more
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 4


def test_one_order_takes_four_statements(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    order = make.order(member, address, [(make.goods(), 1), (make.goods(), 2)])
    shopper = shopper_of(member)
    with CaptureQueriesContext(connection) as counted:
        assert shopper.call("GET", f"/orders/{order.order_no}").status_code == 200
    assert len(counted) <= 4


def test_the_history_says_who_moved_the_order_and_when(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    order = make.order(member, address, [(make.goods(), 1)])
    _pay(order.order_no)
    seen = shopper_of(member).call("GET", f"/orders/{order.order_no}").json()
    assert seen["history"] == [
        {
            "from": "",
            "move": "place",
            "to": "UNPAID",
            "actor": "member",
            "at": "2026-03-02T12:00:00+08:00",
            "note": "",
        },
        {
            "from": "UNPAID",
            "move": "pay",
            "to": "PAID",
            "actor": "wechat",
            "at": "2026-03-02T12:00:00+08:00",
            "note": "",
        },
    ]
    assert seen["paid_at"] == "2026-03-02T12:00:00+08:00"


def test_receipt_is_confirmed_while_shipped_and_only_then(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    order = make.order(member, address, [(make.goods(), 1)])
    shopper = shopper_of(member)
    early = shopper.call("POST", f"/orders/{order.order_no}/receive")
    assert (early.status_code, early.json()["code"]) == (409, "move_refused")
    _pay(order.order_no)
    with transaction.atomic():
        orders.move(order_no=order.order_no, move="ship", actor=Actor.SYSTEM, at=make.NOW)

    answer = shopper.call("POST", f"/orders/{order.order_no}/receive")

    assert (answer.status_code, answer.json()["status"]) == (200, "RECEIVED")
    assert answer.json()["received_at"] is not None
    assert shopper.call("POST", f"/orders/{order.order_no}/receive").status_code == 409


def test_orders_need_a_login(anyone: Any) -> None:
    for method, path in (("GET", "/orders"), ("GET", "/orders/x"), ("POST", "/orders/x/cancel")):
        assert anyone.call(method, path).status_code == 401
