"""凑单: a hint of the quote leads to the shelf with goods that get there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.catalog.models import Product
from apps.checkout import activities, quoting
from apps.checkout.quoting import Choice
from apps.members.models import Member
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.flashsale import make as flash
from tests.apps.groupbuy import make as group_buys
from tests.apps.presale import make as presales

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


def _of_flash_sale() -> tuple[Any, str, int]:
    good = flash.good()
    return good.sku, "flash_sale", good.pk


def _of_group_buy() -> tuple[Any, str, int]:
    sku = make.goods(50_00)
    return sku, "group_buy", group_buys.campaign(sku, **AROUND).pk


def _of_presale() -> tuple[Any, str, int]:
    sku = presales.tea()
    return sku, "presale", presales.presale(sku).pk


AROUND = {"starts_at": flash.NOW, "ends_at": flash.NOW + timedelta(days=1)}


@pytest.mark.parametrize("offered", [_of_flash_sale, _of_group_buy, _of_presale])
def test_an_order_that_stands_alone_is_not_told_to_buy_more(
    offered: Callable[[], tuple[Any, str, int]],
) -> None:
    """Goods that are not the activity's are refused beside it, so nothing on the shelf could be added."""
    make.freight(8_00)
    make.promotion("FREE_POSTAGE", label="满999包邮", threshold_fen=999_00)
    sku, kind, number = offered()
    member, address = make.buyer()
    ticket = activities.read({"kind": kind, "id": number})
    plain = Choice(items=((sku.pk, 1),), address_id=address.pk)
    quotes = [
        quoting.compose(member=member, choice=choice, at=flash.NOW).quote
        for choice in (plain, replace(plain, activity=ticket))
    ]
    assert [len(quote.hints) for quote in quotes] == [1, 0]
    # That it is not applied is said as before, and why, without advice that the counter would refuse.
    assert [[one.label for one in quote.declined] for quote in quotes] == [["满999包邮"]] * 2
    assert [one.reason[:2] for quote in quotes for one in quote.declined] == ["再买", "活动"]
    assert [one.short_by_fen is None for quote in quotes for one in quote.declined] == [False, True]
