"""Articles: kept in a process, and never older than the goods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog import articles
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Category, Product, Sku
from tests.apps.catalog import make

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def read(*skus: Sku) -> tuple[dict[int, articles.Article], int]:
    """The articles of these, and how many statements beside that of the tokens it took to read them."""
    with CaptureQueriesContext(connection) as seen:
        found = articles.of([sku.pk for sku in skus])
    return found, sum("base_version" not in query["sql"] for query in seen.captured_queries)


def test_they_are_read_once_in_the_order_in_which_they_are_named():
    cup, pot = make.sku(price_fen=5000, title="茶杯"), make.sku(price_fen=9000, title="茶壶")
    found, statements = read(pot, cup)
    assert ([article.title for article in found.values()], statements) == (["茶壶", "茶杯"], 1)
    tea = make.sku(title="茶叶")
    read(cup, pot, tea)
    found, statements = read(tea, pot)
    assert ([article.title for article in found.values()], statements) == (["茶叶", "茶壶"], 0)


def test_they_say_what_the_rows_say():
    leaf = make.category("绿茶", parent=make.category("茶叶"))
    sku = make.sku(
        price_fen=5000, weight_g=30, category=leaf, brand=make.brand("青禾"), min_quantity=2, quantity_step=2
    )
    Sku.objects.filter(pk=sku.pk).update(cost_fen=1200)
    article = articles.of([sku.pk])[sku.pk]
    assert (article.price_fen, article.cost_fen, article.weight_g, article.virtual) == (5000, 1200, 30, False)
    assert article.category_ids == {leaf.pk, leaf.parent_id}
    assert article.brand_id == sku.product.brand_id
    assert (article.bounds.least, article.bounds.most, article.bounds.step) == (2, None, 2)
    assert article.returns == catalog_facts.returns_of(sku.product)
    assert articles.article_of(Sku.objects.get(pk=sku.pk)) == article


@pytest.mark.parametrize(
    "change",
    [
        lambda sku: Sku.objects.filter(pk=sku.pk).update(price_fen=1),
        lambda sku: Product.objects.filter(pk=sku.product_id).update(title="新名"),
        lambda sku: Category.objects.filter(pk=sku.product.category_id).update(path="/7/"),
    ],
)
def test_whoever_asks_after_a_change_is_told_of_it(change: Any):
    sku = make.sku(price_fen=5000)
    (before,) = read(sku)[0].values()
    change(sku)
    (after,) = read(sku)[0].values()
    assert before != after == articles.article_of(Sku.objects.get(pk=sku.pk))


def test_what_can_be_bought_is_what_the_shelf_has():
    hour = timedelta(hours=1)
    skus = [
        make.sku(),
        make.sku(enabled=False),
        make.sku(on_sale=False),
        make.sku(sale_starts_at=AT, sale_ends_at=AT + hour),
        make.sku(sale_starts_at=AT + hour),
        make.sku(sale_starts_at=AT + 2 * hour),
        make.sku(sale_ends_at=AT),
    ]
    ids = [sku.pk for sku in skus]
    for early in (timedelta(0), hour):
        wanted = set(catalog_facts.sellable_skus(ids, at=AT, early=early))
        assert set(articles.sellable([*ids, 10**12], at=AT, early=early)) == wanted
        assert len(wanted) == (3 if early else 2)


def test_no_more_are_kept_than_a_process_should(monkeypatch: Any):
    monkeypatch.setattr(articles, "MOST_KEPT", 2)
    cup, pot, tea = make.sku(), make.sku(), make.sku()
    read(cup, pot)
    assert set(read(tea)[0]) == {tea.pk}
    assert read(tea)[1] == 0
    assert read(cup)[1] == 1
    assert set(read(cup, pot, tea)[0]) == {cup.pk, pot.pk, tea.pk}
