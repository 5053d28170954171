"""凑单: a hint of the quote leads to the shelf with goods that get there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.catalog.models import Product
from apps.members.models import Member
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _found(shopper: Any, url: str) -> list[str]:
    answer = shopper.call("GET", url.removeprefix("/api/v1"))
    assert answer.status_code == 200, answer.content
    return [product["title"] for product in answer.json()["results"]]


def test_buying_a_little_more_leads_to_the_goods_that_fill_the_gap_the_cheapest_first(
    shopper_of: Shoppers,
) -> None:
    member, _ = make.buyer()
    cup = make.goods(8800, title="杯")
    meant = [make.goods(price_fen, title=f"{price_fen}") for price_fen in (1500, 1200, 1199)]
    make.goods(1300, title="不参加")
    make.promotion(
        label="满100减15", steps=[[100_00, 15_00]], product_ids=[sku.product_id for sku in (cup, *meant)]
    )
    shopper = shopper_of(member)

    quote = shopper.call("POST", "/checkout/quote", {"items": [{"sku_id": cup.pk, "quantity": 1}]}).json()

    (hint,) = quote["hints"]
    assert (hint["short_by_fen"], hint["gain_fen"], hint["reason"]) == (1200, 1500, "再买 ¥12.00 可减 ¥15.00")
    assert _found(shopper, hint["products_url"]) == ["1200", "1500", "杯"]


def test_a_scope_finds_products_skus_brands_and_categories_with_all_below_them(anyone: Any) -> None:
    root = catalog.category("茶器")
    below = catalog.category("茶杯", parent=root)
    in_tree = make.goods(1000, title="杯", category=below)
    branded = make.goods(1000, title="壶", brand=catalog.brand())
    for scope, titles in (
        (f"PRODUCTS:{branded.product_id}", ["壶"]),
        (f"SKUS:{in_tree.pk},{branded.pk}", ["杯", "壶"]),
        (f"BRANDS:{branded.product.brand_id}", ["壶"]),
        (f"CATEGORIES:{root.pk}", ["杯"]),
        (f"CATEGORIES:{below.pk}", ["杯"]),
        ("PRODUCTS:0", []),
    ):
        assert _found(anyone, f"/products?scope={scope}&ordering=price") == titles, scope


@pytest.mark.parametrize(
    "asked",
    [
        "scope=ALL:1",
        "scope=PRODUCTS",
        "scope=PRODUCTS:",
        "scope=PRODUCTS:1,,2",
        "scope=PRODUCTS:-1",
        "scope=PRODUCTS:１",
        "scope=products:1",
        "scope=PRODUCTS:" + "9" * 19,
        "scope=PRODUCTS:" + ",".join(map(str, range(1, 202))),
        "price_from_fen=-1",
        "price_from_fen=1.5",
        "price_from_fen=１２",
        "price_from_fen=" + "9" * 19,
    ],
)
def test_an_address_that_says_nothing_sensible_is_refused(anyone: Any, asked: str) -> None:
    answer = anyone.call("GET", f"/products?{asked}")
    assert (answer.status_code, answer.json()["code"]) in {(400, "scope_unreadable"), (400, "price_invalid")}
    assert not Product.objects.exists()
