"""Favourites and 到货提醒 over HTTP: put, listed with today's price, taken back; each with its limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.carts.models import Favorite, StockWish
from apps.carts.services import favorites, stock_wishes
from apps.catalog import services as catalog
from apps.catalog.models import Product, Sku
from apps.members.models import Member
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def reprice(sku: Sku, price_fen: int) -> None:
    """Give a SKU another price, as operators do."""
    sku.price_fen = price_fen
    sku.save()
    catalog.refresh_product(product_id=sku.product_id)


def test_a_favourite_is_put_once_at_the_price_of_then_and_shown_at_today_s(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup = make.goods(50_00, units=3)
    first = shopper.call("PUT", "/me/favorites", {"product_id": cup.product_id})
    assert first.status_code == 200, first.content
    reprice(cup, 40_00)

    again = shopper.call("PUT", "/me/favorites", {"product_id": cup.product_id}).json()

    assert again == first.json()
    (shown,) = shopper.call("GET", "/me/favorites").json()["results"]
    assert {name: shown[name] for name in ("id", "price_fen", "price_then_fen", "fallen_fen", "on_sale")} == {
        "id": cup.product_id,
        "price_fen": 40_00,
        "price_then_fen": 50_00,
        "fallen_fen": 10_00,
        "on_sale": True,
    }
    assert (shown["in_stock"], shown["low_stock"]) == (True, 3)


def test_the_list_says_of_one_product_whether_it_is_liked_and_keeps_what_went_off_sale(
    shopper_of: Shoppers,
) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup, pot = make.goods(), make.goods()
    for sku in (cup, pot):
        shopper.call("PUT", "/me/favorites", {"product_id": sku.product_id})
    Product.objects.filter(pk=cup.product_id).update(on_sale=False)

    def listed(query: str = "") -> list[tuple[int, bool]]:
        rows = shopper.call("GET", f"/me/favorites{query}").json()["results"]
        return [(row["id"], row["on_sale"]) for row in rows]

    assert listed() == [(pot.product_id, True), (cup.product_id, False)]
    assert listed(f"?product_id={cup.product_id}") == [(cup.product_id, False)]
    for _ in range(2):
        gone = shopper.call("DELETE", f"/me/favorites?product_id={cup.product_id}")
        assert gone.status_code == 204
    assert listed(f"?product_id={cup.product_id}") == []
    assert listed() == [(pot.product_id, True)]


def test_many_favourites_are_listed_by_as_many_statements_as_one(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)

    def statements() -> int:
        with CaptureQueriesContext(connection) as ran:
            assert shopper.call("GET", "/me/favorites").status_code == 200
        return len(ran)

    favorites.add(member=member, product=make.goods().product, at=make.NOW)
    statements()
    one = statements()
    for _ in range(3):
        favorites.add(member=member, product=make.goods().product, at=make.NOW)
    statements()  # other goods, so what is kept of them is read again
    assert statements() == one


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "product_id"), ({"product_id": "7"}, "product_id"), ({"product_id": 0}, "product_id")],
)
def test_a_favourite_that_is_no_product_is_refused_at_its_field(
    shopper_of: Shoppers, body: dict[str, Any], field: str
) -> None:
    shopper = shopper_of(make.buyer()[0])
    answer = shopper.call("PUT", "/me/favorites", body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    for path in ("/me/favorites", "/me/favorites?product_id=x", "/me/favorites?product_id=７"):
        gone = shopper.call("DELETE", path)
        assert (gone.status_code, list(gone.json()["details"])) == (400, [field])


def test_what_is_not_on_sale_is_not_liked_and_a_full_list_takes_no_more(
    shopper_of: Shoppers, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = shopper_of(make.buyer()[0])
    cup, pot = make.goods(), make.goods()
    Product.objects.filter(pk=pot.product_id).update(on_sale=False)
    assert shopper.call("PUT", "/me/favorites", {"product_id": pot.product_id}).status_code == 404
    monkeypatch.setattr(favorites, "MOST", 1)
    shopper.call("PUT", "/me/favorites", {"product_id": cup.product_id})
    full = shopper.call("PUT", "/me/favorites", {"product_id": make.goods().product_id})
    assert (full.status_code, full.json()["code"]) == (409, "favorites_full")
    assert Favorite.objects.count() == 1


def test_only_what_is_sold_out_is_waited_for_once(
    shopper_of: Shoppers, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    gone, there = make.goods(units=0), make.goods(units=2)
    in_stock = shopper.call("PUT", "/me/stock-wishes", {"sku_id": there.pk})
    assert (in_stock.status_code, in_stock.json()["code"]) == (409, "sku_in_stock")
    assert in_stock.json()["details"] == {"available": 2}
    first, again = (shopper.call("PUT", "/me/stock-wishes", {"sku_id": gone.pk}) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    off_sale = make.goods(units=0)
    Sku.objects.filter(pk=off_sale.pk).update(enabled=False)
    refused = shopper.call("PUT", "/me/stock-wishes", {"sku_id": off_sale.pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_on_sale")
    monkeypatch.setattr(stock_wishes, "MOST", 1)
    full = shopper.call("PUT", "/me/stock-wishes", {"sku_id": make.goods(units=0).pk})
    assert (full.status_code, full.json()["code"]) == (409, "stock_wishes_full")

    (row,) = shopper.call("GET", "/me/stock-wishes").json()["results"]
    assert (row["sku_id"], row["available"], row["told_at"]) == (gone.pk, 0, None)
    for _ in range(2):
        assert shopper.call("DELETE", f"/me/stock-wishes?sku_id={gone.pk}").status_code == 204
    assert shopper.call("GET", "/me/stock-wishes").json()["results"] == []


def test_wishes_are_forgotten_a_month_after_they_were_told_and_half_a_year_after_they_were_made() -> None:
    now = timezone.now()
    told, old, young = (
        stock_wishes.ask(member=make.buyer()[0], sku_id=make.goods(units=0).pk, at=now) for _ in range(3)
    )
    StockWish.objects.filter(pk=told.pk).update(told_at=now - timedelta(days=31))
    StockWish.objects.filter(pk=old.pk).update(asked_at=now - timedelta(days=181))
    assert stock_wishes.forget(at=now) == 2
    assert StockWish.objects.get() == young
