"""Placing an order over HTTP: frozen figures and copies, keys, and what is refused with nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Product, Sku
from apps.checkout import activities, placing
from apps.checkout.quoting import Choice
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.members.services import addresses
from apps.orders.models import Order, OrderLine
from apps.outbox.models import Announcement
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.inventory import make as stocks
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _body(
    address: Address, expected_payable_fen: int, *wanted: tuple[Sku, int], **more: Any
) -> dict[str, Any]:
    return {
        "items": [{"sku_id": sku.pk, "quantity": quantity} for sku, quantity in wanted],
        "address_id": address.pk,
        "expected_payable_fen": expected_payable_fen,
        **more,
    }


def _place(shopper: Any, body: Any, key: str | None = None) -> Any:
    return shopper.call("POST", "/orders", body, idempotency_key=key or make.key())


def test_two_cups_at_50_yuan_with_15_off_and_8_for_freight_become_an_order_of_93_yuan(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, title="手工陶瓷茶杯")
    make.promotion(label="满100减15", steps=[[100_00, 15_00]])
    make.freight(800)

    answer = _place(shopper_of(member), _body(address, 9300, (cup, 2), remark="请轻拿轻放 🍵"))

    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order["status"] == "UNPAID"
    assert order["status_text"] == "待付款"
    assert (order["goods_fen"], order["reduction_fen"], order["shipping_fen"]) == (10_000, 1500, 800)
    assert order["payable_fen"] == 9300
    (item,) = order["items"]
    assert (item["title"], item["quantity"], item["unit_price_fen"]) == ("手工陶瓷茶杯", 2, 5000)
    assert (item["list_fen"], item["payable_fen"]) == (10_000, 8500)
    assert [(r["label"], r["amount_fen"]) for r in item["reductions"]] == [("满100减15", 1500)]
    assert [(r["label"], r["amount_fen"]) for r in order["applied"]] == [("满100减15", 1500)]
    assert order["remark"] == "请轻拿轻放 🍵"
    assert order["address"]["detail"] == "龙井路 1 号"
    assert order["parcels"] == []
    assert [(m["from"], m["to"], m["move"], m["actor"]) for m in order["history"]] == [
        ("", "UNPAID", "place", "member")
    ]
    assert order["paid_at"] is order["shipped_at"] is order["received_at"] is order["closed_at"] is None
    placed, expires = (datetime.fromisoformat(order[name]) for name in ("created_at", "expires_at"))
    assert expires - placed == timedelta(minutes=30)
    assert placed.utcoffset() == timedelta(hours=8)
    assert stock_facts.available([cup.pk]) == {cup.pk: 98}
    assert list(Announcement.objects.values_list("kind", flat=True)) == ["OrderPlaced"]


def test_an_order_keeps_price_title_and_address_whatever_changes_later(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, title="旧名")
    shopper = shopper_of(member)
    number = _place(shopper, _body(address, 5000, (cup, 1))).json()["order_no"]

    Sku.objects.filter(pk=cup.pk).update(price_fen=9900)
    Product.objects.filter(pk=cup.product_id).update(title="新名", on_sale=False)
    addresses.remove(member=member, address_id=address.pk)

    order = shopper.call("GET", f"/orders/{number}").json()
    assert order["payable_fen"] == 5000
    assert order["items"][0]["title"] == "旧名"
    assert order["address"]["name"] == "林小茶"


def test_the_order_keeps_what_the_goods_cost_us_and_their_options(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    product = catalog.product(
        options=[{"name": "尺寸", "values": ["大"]}, {"name": "色", "values": ["白"]}],
        skus=[catalog.unsaved_sku(price_fen=5000, cost_fen=2000, option_values={"色": "白", "尺寸": "大"})],
    )
    sku = product.skus.get()
    stocks.stock(sku, 1)

    _place(shopper_of(member), _body(address, 5000, (sku, 1)))

    line = OrderLine.objects.get()
    assert (line.cost_fen, line.option_text, line.image) == (2000, "大 / 白", "products/cup.png")


def test_the_same_key_and_body_answer_the_same_order_though_price_and_stock_changed(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=1)
    shopper = shopper_of(member)
    body = _body(address, 5000, (cup, 1))
    first = _place(shopper, body, "k1")
    Sku.objects.filter(pk=cup.pk).update(price_fen=9900, enabled=False)

    again = _place(shopper, body, "k1")

    assert (first.status_code, again.status_code) == (201, 201)
    # The same order; what the clock says beside it is of each answer.
    assert {**again.json(), "server_time": ""} == {**first.json(), "server_time": ""}
    assert Order.objects.count() == 1


@pytest.mark.parametrize("change", [{"remark": "别的"}, {"expected_payable_fen": 1}, {"from_cart": True}])
def test_the_same_key_with_another_body_is_refused(shopper_of: Shoppers, change: dict[str, Any]) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    shopper = shopper_of(member)
    body = _body(address, 5000, (cup, 1))
    _place(shopper, body, "k1")
    other = {**body, **change}
    if other.get("from_cart"):
        del other["items"]

    answer = _place(shopper, other, "k1")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_two_members_may_use_the_same_key(shopper_of: Shoppers) -> None:
    cup = make.goods(5000)
    for _ in range(2):
        member, address = make.buyer()
        assert _place(shopper_of(member), _body(address, 5000, (cup, 1)), "k1").status_code == 201
    assert Order.objects.count() == 2


@pytest.mark.parametrize("key", [None, "", " ", "k" * 81, "键", "a b"])
def test_an_order_needs_a_proper_idempotency_key(shopper_of: Shoppers, key: str | None) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    headers = {} if key is None else {"idempotency_key": key}
    answer = shopper_of(member).call("POST", "/orders", _body(address, 5000, (cup, 1)), **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert not Order.objects.exists()


def test_a_changed_price_is_told_with_the_new_quote_and_nothing_is_stored(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=3)

    answer = _place(shopper_of(member), _body(address, 4999, (cup, 1)))

    assert answer.status_code == 409
    refusal = answer.json()
    assert refusal["code"] == "price_changed"
    assert refusal["details"]["quote"]["payable_fen"] == 5000
    assert refusal["details"]["quote"]["items"][0]["sku_id"] == cup.pk
    assert not Order.objects.exists()
    assert stock_facts.available([cup.pk]) == {cup.pk: 3}


def test_more_than_there_is_is_out_of_stock_and_nothing_is_stored(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, pot = make.goods(5000, units=2), make.goods(1000, units=9)

    answer = _place(shopper_of(member), _body(address, 16_000, (cup, 3), (pot, 1)))

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    details = answer.json()["details"]
    assert (details["sku_id"], details["available"]) == (cup.pk, 2)
    assert not Order.objects.exists()
    assert not Announcement.objects.exists()
    assert stock_facts.available([cup.pk, pot.pk]) == {cup.pk: 2, pot.pk: 9}


def test_a_refused_order_does_not_use_up_its_key(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    shopper = shopper_of(member)
    assert _place(shopper, _body(address, 1, (cup, 1)), "k1").status_code == 409
    assert _place(shopper, _body(address, 5000, (cup, 1)), "k1").status_code == 201


def test_prices_that_a_client_sends_have_no_effect(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    body = _body(address, 5000, price_fen=1, payable_fen=1, unit_price_fen=1)
    body["items"] = [{"sku_id": cup.pk, "quantity": 1, "price_fen": 1, "unit_price_fen": 1, "payable_fen": 1}]

    answer = _place(shopper_of(member), body)

    assert answer.json()["payable_fen"] == 5000
    assert OrderLine.objects.get().unit_price_fen == 5000


def test_a_stranger_s_address_does_not_exist_and_nothing_is_stored(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    _, strangers = make.buyer()
    cup = make.goods(5000)
    answer = _place(shopper_of(member), _body(strangers, 5000, (cup, 1)))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert not Order.objects.exists()


def test_an_order_needs_an_address(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    body = _body(address, 5000, (cup, 1))
    del body["address_id"]
    answer = _place(shopper_of(member), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "address_required")


def test_a_remark_holds_200_code_points_in_one_form_with_its_emoji_and_line_breaks(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    kept = "送👨‍👩‍👧\u00e9\n" + "🍵" * 192  # 1 + 5 + 1 + 1 + 192 = 200
    typed = f" {kept.replace(chr(0xE9), 'e' + chr(0x301))} "  # an accent of its own, and blanks around
    shopper = shopper_of(member)
    assert _place(shopper, _body(address, 5000, (cup, 1), remark=f"{kept}🍵")).status_code == 400
    answer = _place(shopper, _body(address, 5000, (cup, 1), remark=typed))
    assert answer.json()["remark"] == kept
    assert Order.objects.get().remark == kept


@pytest.mark.parametrize("remark", ["a\x00b", "a\x07b", "\ud83d", 7, None, ["x"]])
def test_a_remark_that_is_no_text_is_refused(shopper_of: Shoppers, remark: Any) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    answer = _place(shopper_of(member), _body(address, 5000, (cup, 1), remark=remark))
    assert answer.status_code == 400
    assert not Order.objects.exists()


@pytest.mark.parametrize("expected", [None, "5000", 5000.0, True, -1, 2**63, "５０００"])
def test_the_expected_price_is_a_plain_number_of_fen(shopper_of: Shoppers, expected: Any) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    answer = _place(shopper_of(member), {**_body(address, 0, (cup, 1)), "expected_payable_fen": expected})
    assert answer.status_code == 400
    assert not Order.objects.exists()


def test_what_was_ordered_from_the_cart_leaves_it_and_the_rest_stays(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, pot, tray = make.goods(5000), make.goods(1000), make.goods(700)
    shopper = shopper_of(member)
    shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 2})
    shopper.call("POST", "/cart/items", {"sku_id": pot.pk, "quantity": 1})
    shopper.call("POST", "/cart/items", {"sku_id": tray.pk, "quantity": 1, "selected": False})

    answer = _place(
        shopper, {"from_cart": True, "address_id": address.pk, "expected_payable_fen": 11_000}, "k1"
    )

    assert answer.status_code == 201, answer.content
    assert {item["sku_id"] for item in answer.json()["items"]} == {cup.pk, pot.pk}
    assert [item["sku_id"] for item in shopper.call("GET", "/cart").json()["items"]] == [tray.pk]
    again = _place(
        shopper, {"from_cart": True, "address_id": address.pk, "expected_payable_fen": 11_000}, "k1"
    )
    assert again.json()["order_no"] == answer.json()["order_no"]


def test_buying_at_once_leaves_the_cart_alone(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    shopper = shopper_of(member)
    shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 2})
    _place(shopper, _body(address, 5000, (cup, 1)))
    assert shopper.call("GET", "/cart").json()["items"][0]["quantity"] == 2


def test_a_placed_order_is_answered_without_reading_it_as_whoever_reads_it_is_answered(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup, pot, tea = make.goods(5000), make.goods(1000), make.goods(2000)
    make.promotion()
    make.freight(800)
    make.promotion("GIFT", label="满50送茶", parts=[(5000, tea.pk, 1)])
    shopper = shopper_of(member)
    body = _body(address, 11_000 - 1500 + 800, (cup, 2), (pot, 1))
    with CaptureQueriesContext(connection) as made:
        placed = _place(shopper, body).json()
    written = [query["sql"] for query in made].index(
        next(query["sql"] for query in made if "INSERT INTO orders_order" in query["sql"])
    )
    assert not any(
        query["sql"].startswith("SELECT") and "orders_" in query["sql"] for query in made[written:]
    )
    read = shopper.call("GET", f"/orders/{placed['order_no']}").json()
    del placed["server_time"], read["server_time"]
    assert placed == read
    assert len(placed["items"]) == 3


def _statements(shopper: Any, body: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as counted:
        answer = _place(shopper, body)
    assert answer.status_code == 201, answer.content
    return len(counted)


def test_an_order_of_two_lines_with_a_promotion_takes_at_most_12_statements(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, pot = make.goods(5000), make.goods(1000)
    make.promotion()
    make.freight(800)
    body = _body(address, 11_000 - 1500 + 800, (cup, 2), (pot, 1))
    assert _statements(shopper_of(member), body) <= 12


def test_out_of_the_cart_for_a_member_with_a_level_it_takes_no_more(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer(level=members.level("金卡", discount_bp=9000))
    shopper = shopper_of(member)
    for sku, quantity in ((make.goods(5000), 2), (make.goods(1000), 1)):
        shopper.call("POST", "/cart/items", {"sku_id": sku.pk, "quantity": quantity})
    make.freight(800)
    body = {"from_cart": True, "address_id": address.pk, "expected_payable_fen": 9900 + 800}
    assert _statements(shopper, body) <= 11


def test_a_lot_of_lines_takes_as_many_statements_as_two(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    skus = [make.goods(100) for _ in range(12)]
    shopper = shopper_of(member)
    _statements(shopper, _body(address, 100, (make.goods(100), 1)))  # what is the same for everybody is kept
    counts = [
        _statements(shopper, _body(address, 100 * len(some), *((sku, 1) for sku in some)))
        for some in (skus[:2], skus)
    ]
    assert counts[0] == counts[1]


def test_nobody_orders_without_logging_in(anyone: Any) -> None:
    assert _place(anyone, {}).status_code == 401


def test_an_order_of_nothing_waits_unpaid_like_any_other(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    sample = make.goods(0)
    answer = _place(shopper_of(member), _body(address, 0, (sample, 1)))
    assert (answer.status_code, answer.json()["status"], answer.json()["payable_fen"]) == (201, "UNPAID", 0)
    assert stock_facts.available([sample.pk]) == {sample.pk: 99}


@pytest.mark.parametrize(
    ("choice", "payable_fen", "remark", "digest"),
    [
        (
            Choice(items=((7, 2),), address_id=3),
            *(5_000, "", "2cf7d33451948acf681e175de089d517a782f7880bf0bbd65134a2bfe9810e94"),
        ),
        (
            Choice(address_id=3, coupon_id="none", use_points=True),
            *(5_000, "谢谢", "307390a491dc8c1d9bc8bf5695ea278cc1a2eccb6dd634fc05e175864c4fd043"),
        ),
        (
            Choice(
                items=((7, 1),),
                address_id=3,
                activity=activities.read({"kind": "points_good", "id": 3, "colour": "red"}),
            ),
            *(990, "", "d097b7d23ca860c90bce489ff5b52492443d2970bd5179ed5b6221e39141fc6a"),
        ),
        (
            Choice(items=((7, 1),), address_id=3, use_balance=100),
            *(990, "", "7529900ff0da4403c745834e77f3fcbd015189736d5b40bb20f67af5e419e0c4"),
        ),
    ],
)
def test_a_request_is_the_same_request_as_before_there_were_tickets(
    choice: Choice, payable_fen: int, remark: str, digest: str
) -> None:
    assert placing._hash(choice, remark, expected_payable_fen=payable_fen) == digest
