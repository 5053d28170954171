"""The cart over HTTP: adds up, is priced anew at every read, and belongs to one member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.carts.models import CartItem
from apps.catalog.models import Product, Sku
from apps.members.models import Member
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.inventory import make as stocks
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _put(shopper: Any, sku: Sku, quantity: Any = 1, **more: Any) -> Any:
    return shopper.call("POST", "/cart/items", {"sku_id": sku.pk, "quantity": quantity, **more})


def test_the_same_sku_adds_up_in_one_line(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup = make.goods(5000, units=9, title="手工陶瓷茶杯")
    _put(shopper, cup, 2)

    answer = _put(shopper, cup, 3)

    assert answer.status_code == 201
    (item,) = answer.json()["items"]
    assert item["id"] == CartItem.objects.get().pk
    assert (item["sku_id"], item["product_id"]) == (cup.pk, cup.product_id)
    assert (item["quantity"], item["selected"], item["available"]) == (5, True, 9)
    assert (item["title"], item["unit_price_fen"]) == ("手工陶瓷茶杯", 5000)
    assert item["image_url"].endswith("/media/products/cup.png")
    assert (item["valid"], item["notice"]) == (True, "")
    assert answer.json()["selected_count"] == 5
    assert answer.json()["quote"]["payable_fen"] == 25_000


def test_a_cart_is_priced_at_every_read(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup = make.goods(5000)
    _put(shopper, cup, 2)
    Sku.objects.filter(pk=cup.pk).update(price_fen=6000)
    cart = shopper.call("GET", "/cart").json()
    assert cart["items"][0]["unit_price_fen"] == 6000
    assert cart["quote"]["payable_fen"] == 12_000


def test_a_member_sees_their_own_price(shopper_of: Shoppers) -> None:
    member, _ = make.buyer(level=members.level("金卡", discount_bp=9500))
    shopper = shopper_of(member)
    cart = _put(shopper, make.goods(10_000), 2).json()
    assert cart["items"][0]["unit_price_fen"] == 9500
    assert cart["quote"]["payable_fen"] == 19_000


def test_only_ticked_lines_that_can_be_ordered_are_quoted(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup, unticked, gone, few, none = (make.goods(5000, units=units) for units in (9, 9, 9, 1, 0))
    for sku in (cup, gone, few, none):
        _put(shopper, sku, 2)
    _put(shopper, unticked, 2, selected=False)
    Product.objects.filter(pk=gone.product_id).update(on_sale=False)

    cart = shopper.call("GET", "/cart").json()

    seen = {item["sku_id"]: (item["valid"], item["notice"]) for item in cart["items"]}
    assert seen == {
        cup.pk: (True, ""),
        unticked.pk: (True, ""),
        gone.pk: (False, "商品已下架"),
        few.pk: (False, "库存仅剩 1 件"),
        none.pk: (False, "已售罄"),
    }
    assert [item["sku_id"] for item in cart["quote"]["items"]] == [cup.pk]


def test_a_quantity_that_the_product_forbids_is_noticed(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    pack = make.goods(5000, title="茶包", min_quantity=2)
    cart = _put(shopper_of(member), pack, 1).json()
    assert (cart["items"][0]["valid"], cart["items"][0]["notice"]) == (False, "「茶包」2 件起购")
    assert cart["quote"] is None


def test_limits_count_ticked_skus_of_a_product_together(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    product = catalog.product(
        options=[{"name": "色", "values": ["白", "青"]}],
        min_quantity=2,
        skus=[catalog.unsaved_sku(option_values={"色": color}) for color in ("白", "青")],
    )
    for sku in product.skus.all():
        stocks.stock(sku, 5)
        cart = _put(shopper, sku, 1).json()
    assert [item["valid"] for item in cart["items"]] == [True, True]


def test_an_empty_cart_has_no_quote(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cart = shopper_of(member).call("GET", "/cart").json()
    assert cart == {"items": [], "selected_count": 0, "quote": None}


def test_lines_are_changed_unticked_and_removed(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    line = _put(shopper, make.goods(5000), 2).json()["items"][0]["id"]
    assert shopper.call("PATCH", f"/cart/items/{line}", {"quantity": 7}).json()["items"][0]["quantity"] == 7
    unticked = shopper.call("PATCH", f"/cart/items/{line}", {"selected": False}).json()
    assert (unticked["items"][0]["selected"], unticked["selected_count"], unticked["quote"]) == (
        False,
        0,
        None,
    )
    assert unticked["items"][0]["quantity"] == 7
    assert shopper.call("DELETE", f"/cart/items/{line}").status_code == 204
    assert shopper.call("DELETE", f"/cart/items/{line}").status_code == 404
    assert not CartItem.objects.exists()


def test_another_member_s_line_does_not_exist(shopper_of: Shoppers) -> None:
    owner, _ = make.buyer()
    stranger, _ = make.buyer()
    line = _put(shopper_of(owner), make.goods(5000), 2).json()["items"][0]["id"]
    shopper = shopper_of(stranger)
    assert shopper.call("PATCH", f"/cart/items/{line}", {"quantity": 1}).status_code == 404
    assert shopper.call("PATCH", f"/cart/items/{line}", {}).status_code == 404
    assert shopper.call("DELETE", f"/cart/items/{line}").status_code == 404
    assert shopper.call("GET", "/cart").json()["items"] == []
    assert CartItem.objects.get().quantity == 2


def test_what_is_off_sale_cannot_be_put(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    gone = make.goods(5000, on_sale=False)
    answer = _put(shopper_of(member), gone)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")
    assert not CartItem.objects.exists()


@pytest.mark.parametrize("quantity", ["1", "１", 1.5, 2.0, True, None, 0, -3, 10_000, 10**40, [], {}])
def test_nonsense_for_a_quantity_is_refused_and_changes_nothing(shopper_of: Shoppers, quantity: Any) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup = make.goods(5000)
    line = _put(shopper, cup, 2).json()["items"][0]["id"]
    assert _put(shopper, cup, quantity).status_code == 400
    assert shopper.call("PATCH", f"/cart/items/{line}", {"quantity": quantity}).status_code == 400
    assert CartItem.objects.get().quantity == 2


@pytest.mark.parametrize("selected", ["true", 1, 0, None, "on"])
def test_ticked_is_true_or_false(shopper_of: Shoppers, selected: Any) -> None:
    member, _ = make.buyer()
    assert _put(shopper_of(member), make.goods(5000), 1, selected=selected).status_code == 400


def test_a_line_never_holds_more_than_9999(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup = make.goods(5000)
    _put(shopper, cup, 9999)
    answer = _put(shopper, cup, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "cart_quantity_too_large")
    assert CartItem.objects.get().quantity == 9999


def test_a_cart_holds_120_different_skus(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    product = catalog.product(
        options=[
            {"name": "甲", "values": [str(n) for n in range(11)]},
            {"name": "乙", "values": [str(n) for n in range(11)]},
        ],
        skus=[catalog.unsaved_sku(option_values={"甲": str(n // 11), "乙": str(n % 11)}) for n in range(121)],
    )
    *fitting, last = product.skus.all()
    CartItem.objects.bulk_create(
        CartItem(member=member, sku=sku, quantity=1, added_at=make.NOW) for sku in fitting
    )
    shopper = shopper_of(member)
    assert _put(shopper, last).json()["code"] == "cart_full"
    assert _put(shopper, fitting[0]).status_code == 201
    assert CartItem.objects.filter(member=member).count() == 120


def test_junk_in_the_path_is_not_found(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    for junk in ("0", "9" * 40, "x", "-1", "1.5"):
        assert shopper.call("PATCH", f"/cart/items/{junk}", {"quantity": 1}).status_code == 404


def test_a_long_cart_takes_as_many_statements_as_a_short_one(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    make.promotion()
    shopper = shopper_of(member)
    counts = []
    for more in (1, 19):
        for _ in range(more):
            _put(shopper, make.goods(100))
        with CaptureQueriesContext(connection) as counted:
            shopper.call("GET", "/cart")
        counts.append(len(counted))
    assert counts == [1, 1]


def test_a_cart_needs_a_login(anyone: Any) -> None:
    assert anyone.call("GET", "/cart").status_code == 401
    assert anyone.call("POST", "/cart/items", {"sku_id": 1, "quantity": 1}).status_code == 401
