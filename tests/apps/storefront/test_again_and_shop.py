"""再来一单, how many orders stand where, what every item shows, and who the shop is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.catalog.models import Sku
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.orders import parts
from apps.orders.models import Order, OrderLine
from apps.storefront.models import Shop
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db

Shoppers = Callable[[Member], Any]


def _cart(shopper: Any) -> list[tuple[int, int, bool]]:
    items = shopper.call("GET", "/cart").json()["items"]
    return [(item["sku_id"], item["quantity"], item["selected"]) for item in items]


def test_the_goods_of_a_past_order_are_in_the_cart_again_ticked_and_what_is_gone_is_told(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup, pot, tray = make.goods(5000), make.goods(1000), make.goods(700)
    order = make.order(member, address, [(cup, 2), (pot, 1), (tray, 1)])
    Sku.objects.filter(pk=pot.pk).update(enabled=False)
    Stock.objects.filter(sku=tray).update(on_hand=1)
    shopper = shopper_of(member)

    answer = shopper.call("POST", f"/orders/{order.order_no}/again")

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "added": [cup.pk],
        "left_out": [{"sku_id": pot.pk, "reason": "商品已下架"}, {"sku_id": tray.pk, "reason": "已售罄"}],
    }
    assert _cart(shopper) == [(cup.pk, 2, True)]


def test_a_gift_is_not_ordered_again_and_what_lies_in_the_cart_adds_up(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, spoon = make.goods(5000), make.goods(100)
    order = make.order(member, address, [(cup, 2)])
    OrderLine.objects.create(
        order=order,
        sku=spoon,
        title="茶匙",
        quantity=1,
        unit_price_fen=0,
        list_fen=0,
        payable_fen=0,
        is_gift=True,
    )
    shopper = shopper_of(member)
    shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 3, "selected": False})

    assert shopper.call("POST", f"/orders/{order.order_no}/again").json() == {
        "added": [cup.pk],
        "left_out": [],
    }
    assert _cart(shopper) == [(cup.pk, 5, True)]


def test_what_a_full_cart_has_no_room_for_is_left_out(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20_000)
    order = make.order(member, address, [(cup, 400)])
    shopper = shopper_of(member)
    shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 9900})

    answer = shopper.call("POST", f"/orders/{order.order_no}/again").json()

    assert answer == {"added": [], "left_out": [{"sku_id": cup.pk, "reason": "单个商品最多 9999 件"}]}
    assert _cart(shopper) == [(cup.pk, 9900, True)]


def test_nobody_orders_again_what_another_ordered(shopper_of: Shoppers) -> None:
    order = make.order(*make.buyer(), [(make.goods(5000), 1)])
    assert shopper_of(make.buyer()[0]).call("POST", f"/orders/{order.order_no}/again").status_code == 404


def test_orders_are_counted_by_status_one_s_own_only(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    orders = [make.order(member, address, [(cup, 1)]) for _ in range(4)]
    make.order(*make.buyer(), [(cup, 1)])
    make.pay(orders[0])
    make.close(orders[1])

    counts = shopper_of(member).call("GET", "/orders/counts").json()

    assert counts == {
        "UNPAID": 2,
        "RESERVED": 0,
        "GATHERING": 0,
        "PAID": 1,
        "SHIPPED": 0,
        "RECEIVED": 0,
        "CLOSED": 1,
        "REFUNDED": 0,
    }


def _of(rows: list[dict[str, Any]], kind: str) -> int:
    return sum(row["amount_fen"] for row in rows if row["kind"] == kind)


def test_reductions_of_goods_and_of_freight_add_up_by_kind_in_quote_and_order_also_of_before(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    make.promotion(steps=[[100_00, 15_00]])
    make.promotion("FREE_POSTAGE", threshold_fen=50_00)
    make.freight(800)
    cup = make.goods(10_000)
    shopper = shopper_of(member)
    order = make.order(member, address, [(cup, 1)], at=timezone.now())
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 1}], "address_id": address.pk}
    quote = shopper.call("POST", "/checkout/quote", wanted).json()
    told = shopper.call("GET", f"/orders/{order.order_no}").json()
    for row in [*order.applied, *(part for line in order.lines.all() for part in line.reductions)]:
        row.pop("kind", None)
    Order.objects.filter(pk=order.pk).update(applied=order.applied)
    for line in order.lines.all():
        bare = [{name: part[name] for name in ("ref", "label", "amount_fen")} for part in line.reductions]
        OrderLine.objects.filter(pk=line.pk).update(reductions=bare)
    of_before = shopper.call("GET", f"/orders/{order.order_no}").json()

    for answer in (quote, told, of_before):
        assert [(row["kind"], row["amount_fen"]) for row in answer["applied"]] == [
            ("goods", 1500),
            ("freight", 800),
        ]
        assert _of(answer["applied"], "goods") == answer["reduction_fen"] == 1500
        assert answer["freight_fen"] - _of(answer["applied"], "freight") == answer["shipping_fen"] == 0
        assert [row["kind"] for row in answer["items"][0]["reductions"]] == ["goods"]


def test_every_item_shows_product_picture_and_options_and_an_order_s_its_line(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    order = make.order(member, address, [(cup, 1)])
    shopper = shopper_of(member)
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 1}]}
    quote = shopper.call("POST", "/checkout/quote", wanted).json()
    cart = shopper.call("POST", "/cart/items", wanted["items"][0]).json()
    told = shopper.call("GET", f"/orders/{order.order_no}").json()
    listed = shopper.call("GET", "/orders").json()["results"][0]

    (line,) = order.lines.all()
    seen = {
        "product_id": cup.product_id,
        "image_url": told["items"][0]["image_url"],
        "option_text": line.option_text,
    }
    assert seen["image_url"].startswith("http")
    for item in (quote["items"][0], cart["quote"]["items"][0], told["items"][0], listed["items"][0]):
        assert {name: item[name] for name in seen} == seen
    assert told["items"][0]["line_id"] == listed["items"][0]["line_id"] == line.pk


def test_the_shop_s_clock_stands_beside_what_is_counted_down(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    order = make.order(member, address, [(cup, 1)])
    shopper = shopper_of(member)
    answers = [
        shopper.call("GET", f"/orders/{order.order_no}").json(),
        shopper.call("GET", "/orders").json()["results"][0],
        shopper.call("GET", f"/products/{cup.product_id}").json(),
        shopper.call("GET", f"/products/{cup.product_id}").json(),  # as it was prepared for the one before
        shopper.call("GET", "/shop").json(),
    ]
    for answer in answers:
        told = datetime.fromisoformat(answer["server_time"])
        assert abs(timezone.now() - told) < timedelta(minutes=1)
    assert answers[2]["server_time"] < answers[3]["server_time"]


def test_the_shop_says_its_name_until_operators_say_more(anyone: Any) -> None:
    answer = anyone.call("GET", "/shop").json()
    del answer["server_time"]
    assert answer == {"name": "茶里茶外", "logo_url": None, "service_phone": "", "notice": ""}

    Shop.objects.create(
        pk=1, name="青禾茶铺", logo="shop/logo.png", service_phone="400-800-1234", notice="初八开门"
    )
    answer = anyone.call("GET", "/shop").json()
    assert (answer["name"], answer["service_phone"], answer["notice"]) == (
        "青禾茶铺",
        "400-800-1234",
        "初八开门",
    )
    assert answer["logo_url"].endswith("/media/shop/logo.png")


def test_operators_see_who_holds_a_product_unpaid_and_what_a_member_holds() -> None:
    cup = make.goods(100, units=200)
    (first, address), second = make.buyer(nickname="大户"), make.buyer(nickname="")
    big, small = make.order(first, address, [(cup, 40)]), make.order(*second, [(cup, 3)])
    make.pay(make.order(*second, [(cup, 9)]))

    (holders,) = parts.HOLDERS.facts
    shown = str(holders.shown(cup.product))

    assert shown.index(f"大户（会员 {first.pk}） 40 件，订单 {big.order_no}") < shown.index(
        f"未填昵称（会员 {second[0].pk}） 3 件，订单 {small.order_no}"
    )
    assert "9 件" not in shown
    unpaid = next(fact for fact in parts.BOUGHT.facts if fact.name == "unpaid")
    assert "待付款 1 单，占用 40 件" in str(unpaid.shown(first))
