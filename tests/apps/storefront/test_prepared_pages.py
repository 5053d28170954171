"""Prepared lists and pages say what is true now, and are made again only when something of them changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.base.cache import SoftRedisCache
from apps.catalog import services as catalog
from apps.catalog.models import Product, Sku
from apps.inventory.models import Stock
from apps.promotions.models import Promotion, Tally
from tests.apps.checkout import make
from tests.apps.promotions import make as promotions
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def page(sku: Sku) -> dict[str, Any]:
    return dict(Shopper().call("GET", f"/products/{sku.product_id}").json())


def listed() -> list[dict[str, Any]]:
    return list(Shopper().call("GET", "/products").json()["results"])


def test_a_kept_list_and_page_cost_one_statement(django_assert_num_queries: Any):
    cup = make.goods()
    page(cup), listed()
    with django_assert_num_queries(1):
        assert page(cup)["in_stock"] is True
    with django_assert_num_queries(1):
        assert [row["in_stock"] for row in listed()] == [True]


def test_an_offer_with_a_limit_costs_no_statement_more_and_is_gone_with_its_last_use(
    django_assert_num_queries: Any,
):
    now = timezone.now()
    row = promotions.promotion(
        "FIXED",
        off_fen=100,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        limits={"total": 1},
    )
    cup = make.goods()
    assert len(page(cup)["activities"]) == len(listed()[0]["activities"]) == 1
    with django_assert_num_queries(2):
        page(cup), listed()
    Tally.objects.create(promotion=row, uses=1)
    assert page(cup)["activities"] == listed()[0]["activities"] == []


def test_stock_and_sales_are_those_of_now():
    cup = make.goods(units=50)
    page(cup), listed()
    Stock.objects.update(on_hand=7)
    catalog.count_sold({cup.product_id: 3})
    said = page(cup)
    assert (said["skus"][0]["available"], said["low_stock"], said["sold_count"]) == (7, 7, 3)
    assert (listed()[0]["low_stock"], listed()[0]["in_stock"]) == (7, True)
    Stock.objects.update(on_hand=0)
    assert (page(cup)["in_stock"], page(cup)["low_stock"], listed()[0]["in_stock"]) == (False, None, False)


def test_a_product_becomes_a_bestseller_on_its_page_with_the_unit_that_makes_it_one():
    cup = make.goods()
    catalog.count_sold({cup.product_id: 299})
    assert "热卖" not in page(cup)["badges"]
    catalog.count_sold({cup.product_id: 1})
    assert "热卖" in page(cup)["badges"]


def test_what_goes_off_sale_by_the_clock_is_gone_at_that_moment(monkeypatch: pytest.MonkeyPatch):
    now = timezone.now()
    cup = make.goods()
    Product.objects.update(sale_ends_at=now + timedelta(seconds=5))
    assert [row["id"] for row in listed()] == [cup.product_id]
    assert page(cup)["id"] == cup.product_id
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=5))
    assert listed() == []
    assert Shopper().call("GET", f"/products/{cup.product_id}").status_code == 404


def test_an_offer_begins_and_ends_on_kept_pages_at_its_moment(monkeypatch: pytest.MonkeyPatch):
    now = timezone.now()
    begins, ends = now + timedelta(seconds=2), now + timedelta(seconds=4)
    promotions.promotion("PERCENT", off_bp=1500, starts_at=begins, ends_at=ends)
    cup = make.goods()
    worn = []
    for seconds in (0, 1, 2, 3, 4, 5):
        monkeypatch.setattr(timezone, "now", lambda at=now + timedelta(seconds=seconds): at)
        assert page(cup)["badges"] == listed()[0]["badges"]
        worn.append("8.5折" in page(cup)["badges"])
    assert worn == [False, False, True, True, False, False]


def test_a_text_that_looks_like_a_hole_stays_a_text():
    cup = make.goods()
    Product.objects.update(title='"hole0":0', subtitle='hole","x":1')
    assert (page(cup)["title"], listed()[0]["subtitle"]) == ('"hole0":0', 'hole","x":1')


def test_without_redis_each_request_makes_its_own(settings: Any):
    cup = make.goods(units=3)
    settings.CACHES = {
        "default": {"BACKEND": "apps.base.cache.SoftRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert isinstance(cache._connections[cache._alias], SoftRedisCache)  # type: ignore[attr-defined]  # a proxy
    assert (page(cup)["low_stock"], listed()[0]["low_stock"]) == (3, 3)
    Promotion.objects.all().delete()
    Stock.objects.update(on_hand=2)
    assert (page(cup)["low_stock"], listed()[0]["low_stock"]) == (2, 2)
