"""A cart is told with who calls, as if each were asked for by itself, and answered as its serializers describe it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.carts.models import CartItem
from apps.catalog.models import Product, Sku
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.members import selectors as member_facts
from apps.members.models import Member, Session
from apps.promotions.models import LevelPrice
from apps.storefront import answers, cart, filled_cart
from apps.storefront.cart_serializers import CartSerializer
from mall.pricing import engine
from tests.apps.checkout import make
from tests.apps.inventory import make as stocks
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def put(member: Member, *skus: Sku, **columns: Any) -> None:
    for sku in skus:
        CartItem.objects.create(
            **{"member": member, "sku": sku, "quantity": 1, "added_at": make.NOW, **columns}
        )


@pytest.fixture
def owner() -> Member:
    """Whose cart has some of all: ticked and not, too many, sold out, off sale, limited, nowhere, in two places."""
    member, _ = make.buyer(level=members.level("金卡", discount_bp=9500))
    cup, pot, spread, few, none, gone, pack = (
        make.goods(4000, units=units) for units in (9, 9, 3, 1, 5, 9, 9)
    )
    Stock.objects.filter(sku=none).update(on_hand=0)
    stocks.stock(spread, 4, at_place=stocks.place("二号仓"))
    stocks.stock(spread, 90, at_place=stocks.place("不发货的店", ships=False))
    Product.objects.filter(pk=gone.product_id).update(on_sale=False)
    Product.objects.filter(pk=pack.product_id).update(min_quantity=5)
    nowhere = make.goods(4000, units=0)
    LevelPrice.objects.create(level=member.level, sku=pot, price_fen=3100)
    put(member, cup, quantity=2, added_at=make.NOW + timedelta(minutes=1))
    put(member, pot, quantity=3, added_at=make.NOW - timedelta(minutes=1))
    put(member, spread, few, none, gone, pack, nowhere, quantity=2)
    put(member, make.goods(700), selected=False)
    make.promotion("STEPPED", label="满50减5", steps=[[5000, 500]])
    make.promotion("GIFT", label="送小茶碗", parts=[(4000, make.goods(900, units=3).pk, 1)])
    make.promotion("STEPPED", label="满900减50", steps=[[90_000, 5000]], limits={"per_member": 1})
    put(make.buyer()[0], cup, quantity=7)
    return member


def plain(member: Member) -> filled_cart.Filled:
    """The same by Django's own means."""
    rows = list(CartItem.objects.filter(member=member).order_by("-added_at", "-id"))
    lines = [filled_cart.InCart(row.pk, row.sku_id, row.quantity, row.selected) for row in rows]
    return filled_cart.Filled(lines, stock_facts.available([row.sku_id for row in rows]))


def same(filled: filled_cart.Filled, other: filled_cart.Filled) -> bool:
    return list(filled.lines) == list(other.lines) and all(
        filled.free.get(line.sku_id, 0) == other.free.get(line.sku_id, 0) for line in other.lines
    )


def test_what_lies_in_a_cart_is_what_its_rows_and_the_stock_say(owner: Member):
    token = members.access_token(owner)
    at = timezone.now()
    found = filled_cart.by_token(token, at=at)
    assert found is not None
    assert (
        found.__dict__.keys() - {"cart_at_the_door"}
        == member_facts.member_of_token(token, at=at).__dict__.keys()
    )  # type: ignore[union-attr]
    assert len(plain(owner).lines) == 9
    with CaptureQueriesContext(connection) as seen:
        at_the_door = filled_cart.read(member=found, at=at)
    assert len(seen) == 0
    assert same(at_the_door, plain(owner))
    assert same(filled_cart.read(member=owner, at=at), plain(owner))
    assert filled_cart.read(member=make.buyer()[0], at=at) == filled_cart.Filled([], {})


def test_the_answer_is_what_the_serializers_describe(owner: Member, shopper_of: Shoppers):
    at = timezone.now()
    for member in (owner, make.buyer()[0]):
        shown = cart.view(member=member, at=at)
        assert answers.cart(shown) == CartSerializer(shown).data
    told = shopper_of(owner).call("GET", "/cart").json()
    assert told == CartSerializer(cart.view(member=owner, at=at)).data
    assert [item["unit_price_fen"] for item in told["items"]][-1] == 3100
    assert {item["notice"] for item in told["items"]} >= {"", "商品已下架", "已售罄", "库存仅剩 1 件"}
    assert told["quote"]["gifts"] and told["quote"]["applied"]


def test_pricing_is_asked_for_one_of_each_only_where_an_offer_may_change_that(
    owner: Member, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    real = engine.quote

    def quote(basket: Any, *others: Any, **more: Any) -> Any:
        asked.append(len(basket.lines))
        return real(basket, *others, **more)

    monkeypatch.setattr(engine, "quote", quote)
    without_level, _ = make.buyer()
    put(without_level, make.goods(6000))
    asked.clear()
    (line,) = cart.view(member=without_level, at=timezone.now()).lines
    assert (line.unit_price_fen, asked) == (6000, [1])
    asked.clear()
    lines = cart.view(member=owner, at=timezone.now()).lines
    assert {line.unit_price_fen for line in lines if line.article.on_sale} == {3800, 3100, 665}
    assert len(asked) == 2


def test_a_cart_is_one_statement_with_who_calls_however_long(shopper_of: Shoppers):
    member, _ = make.buyer()
    shopper = shopper_of(member)
    for more in (0, 1, 20):
        put(member, *(make.goods(100) for _ in range(more)))
        shopper.call("GET", "/cart")
        with CaptureQueriesContext(connection) as seen:
            answer = shopper.call("GET", "/cart")
        assert answer.status_code == 200
        assert len(seen) == 1, [query["sql"] for query in seen]


def test_what_the_door_was_told_is_used_once_and_only_at_once(owner: Member):
    token, at = members.access_token(owner), timezone.now()
    later = at + timedelta(seconds=1)
    for moment, statements in ((at, [0, 1]), (later, [1, 1])):
        found = filled_cart.by_token(token, at=at)
        assert found is not None
        for expected in statements:
            with CaptureQueriesContext(connection) as seen:
                assert same(filled_cart.read(member=found, at=moment), plain(owner))
            # Those of the plain way are two.
            assert len(seen) - 2 == expected


def test_what_was_put_is_in_the_answer(shopper_of: Shoppers, met: list[Member]):
    member, _ = make.buyer()
    shopper, cup = shopper_of(member), make.goods(100)
    assert shopper.call("GET", "/cart").json()["items"] == []
    answer = shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 2})
    (line,) = answer.json()["items"]
    assert line["quantity"] == 2
    changed = shopper.call("PATCH", f"/cart/items/{line['id']}", {"quantity": 5})
    assert changed.json()["items"][0]["quantity"] == 5
    assert shopper.call("GET", "/cart").json() == changed.json()
    assert met and all("cart_at_the_door" not in each.__dict__ for each in met)


@pytest.mark.parametrize("token", ["nobody's", "x y", ""])
def test_a_token_that_is_nobody_s_is_refused_as_ever(anyone: Any, token: str):
    answer = anyone.call("GET", "/cart", **({"authorization": f"Bearer {token}"} if token else {}))
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == ("token_invalid" if token else "not_authenticated")


def test_who_was_logged_out_sees_no_cart(owner: Member, shopper_of: Shoppers):
    shopper = shopper_of(owner)
    assert shopper.call("GET", "/cart").status_code == 200
    Session.objects.update(revoked_at=timezone.now())
    assert shopper.call("GET", "/cart").status_code == 401


def test_head_says_what_get_says(owner: Member, shopper_of: Shoppers):
    shopper = shopper_of(owner)
    got, headed = shopper.call("GET", "/cart"), shopper.call("HEAD", "/cart")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed["Content-Length"] == got["Content-Length"]
