"""The goods that tests begin with are those that the services would have written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model

from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Sku
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Stock, StockEntry
from tests.apps.catalog import make
from tests.apps.inventory import make as shelf

pytestmark = pytest.mark.django_db


def columns(row: Model, *, but: set[str]) -> dict[str, Any]:
    """A row as the database has it, without its keys."""
    [kept] = type(row)._base_manager.filter(pk=row.pk).values()
    return {name: value for name, value in kept.items() if name not in {"id", *but}}


def plain() -> dict[str, Any]:
    return {"category": make.category("茶具")}


def rich() -> dict[str, Any]:
    return {
        "category": make.category("建盏", parent=make.category("茶杯", parent=make.category("茶具"))),
        "brand": make.brand("狮峰"),
        "subtitle": "手工拉坯",
        "attributes": [{"name": "产地", "value": "建阳"}],
        "detail_html": '<p onclick="x()">一</p><script>二</script>',
        "options": [{"name": "颜色", "values": ["红", "蓝", "白"]}],
    }


def skus_of(told: dict[str, Any]) -> list[Sku]:
    if "options" not in told:
        return [Sku(code="A", price_fen=9_00, market_price_fen=12_00)]
    return [
        Sku(code="A", price_fen=1_00, option_values={"颜色": "红"}, enabled=False),
        Sku(code="B", price_fen=9_00, market_price_fen=12_00, option_values={"颜色": "蓝"}),
        Sku(code="C", price_fen=9_00, option_values={"颜色": "白"}),
    ]


@pytest.mark.parametrize("told", [plain, rich])
def test_a_product_is_as_the_service_writes_it(told: Any) -> None:
    mine = make.product("龙井茶杯", skus=skus_of(values := told()), **values)
    made = columns(mine, but={"created_at"})
    skus = [columns(sku, but={"product_id"}) for sku in mine.skus.order_by("id")]
    mine.skus.all().delete()
    cover = {"on_sale": True, "cover": "products/cup.png"}
    theirs = catalog.save_product(product=Product(title="龙井茶杯", **cover, **values), skus=skus_of(values))
    assert made == columns(theirs, but={"created_at"})
    assert skus == [columns(sku, but={"product_id"}) for sku in theirs.skus.order_by("id")]
    assert made["price_fen"] == 9_00
    assert "茶具" in made["search_words"]


def test_a_product_whose_skus_are_all_disabled_shows_the_price_that_the_service_would() -> None:
    category = make.category()

    def skus(*codes: str) -> list[Sku]:
        return [Sku(code=code, price_fen=7_00, enabled=False) for code in codes]

    mine = make.written(Product(title="杯", category=category, cover="a.png"), skus("A"))
    theirs = catalog.save_product(
        product=Product(title="杯", category=category, cover="a.png"), skus=skus("B")
    )
    assert mine.price_fen == theirs.price_fen == 7_00


def test_a_category_is_as_the_service_writes_it() -> None:
    mine = make.category("甲")
    theirs = catalog.save_category(category=Category(name="乙"))
    assert mine.path == f"/{mine.pk}/"
    assert columns(mine, but={"name", "path"}) == columns(theirs, but={"name", "path"})
    assert theirs.path == f"/{theirs.pk}/"


def test_stock_is_as_it_is_received_and_more_of_it_comes_on_top() -> None:
    mine, other = make.sku(), make.sku()
    place = shelf.place()
    made = shelf.stock(mine, 7)
    inventory.receive(
        sku_id=other.pk,
        place_id=place.pk,
        quantity=7,
        business_key="other",
        reason="测试入库",
        operator=None,
        at=shelf.NOW,
    )
    theirs = Stock.objects.get(sku=other, place=place)
    assert columns(made, but={"sku_id"}) == columns(theirs, but={"sku_id"})
    [entry], [received] = StockEntry.objects.filter(stock=made), StockEntry.objects.filter(stock=theirs)
    apart = {"stock_id", "business_key"}
    assert columns(entry, but=apart) == columns(received, but=apart)
    assert shelf.stock(mine, 3).on_hand == 10
    assert stock_facts.unbalanced() == []
