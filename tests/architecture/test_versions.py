"""Whatever a process keeps is read from tables whose triggers renew its topics: none can be forgotten."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import config.urls  # noqa: F401 -- doors name what they keep
from apps.base import versions
from apps.catalog.models import Product
from apps.promotions.models import PriceFloor
from apps.storefront import lists, prepared_pages
from apps.storefront.lists import Asked
from tests.admin import shop as demo
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.promotions import make as promotions

pytestmark = pytest.mark.django_db

# Columns whose change does not renew their topic, because nothing that is kept or prepared shows them as of then.
NOT_WATCHED = {
    # Shoppers are told the one from the row itself; a product with the other is on no shelf.
    "catalog_product": {"sold_count", "packing"},
    "coupons_template": {"issued"},  # how many were given out says nothing of what one is worth
}

# The topics by which a prepared list or page is compared, and what it reads anew at each request beside them.
PAGES_REST_ON = {"goods", "promotions"}
READ_FRESH = {
    "base_version": "the tokens themselves",
    "inventory_stock": "what is in stock fills the holes",
    "stores_place": "as far as it says from where goods are sent, in the same statement",
    "promotions_tally": "how far limits are used up is in the sign",
}


def watched() -> dict[str, dict[str, set[str]]]:
    """The columns by table and topic whose change renews the topic's token, on every way of changing them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relation.relname, trim(encode(trigger.tgargs, 'escape'), E'\\\\000'), trigger.tgtype,
                   CASE WHEN trigger.tgattr::text = '' THEN
                        (SELECT array_agg(attname::text) FROM pg_attribute
                          WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped)
                   ELSE (SELECT array_agg(attname::text) FROM pg_attribute
                          WHERE attrelid = relation.oid AND attnum = ANY(trigger.tgattr)) END
              FROM pg_trigger AS trigger
              JOIN pg_class AS relation ON relation.oid = trigger.tgrelid
              JOIN pg_proc AS function ON function.oid = trigger.tgfoid
             WHERE function.proname = 'renew_version' AND trigger.tgenabled = 'O'
            """
        )
        rows = cursor.fetchall()
    types: dict[tuple[str, str], int] = {}
    columns: dict[str, dict[str, set[str]]] = {}
    for table, topic, kind, names in rows:
        types[table, topic] = types.get((table, topic), 0) | kind
        if not kind & 32:  # TRUNCATE has no columns
            columns.setdefault(table, {})[topic] = set(names)
    # INSERT 4, DELETE 8, UPDATE 16, TRUNCATE 32 (pg_trigger.tgtype), none of them FOR EACH ROW (1).
    assert all(kind & 60 == 60 and not kind & 1 for kind in types.values()), types
    return columns


@pytest.fixture
def shop(admin_user: Any) -> Product:
    """A shop in which each list that a kept value or a page is made of has a row: without a first row nothing asks for the
    rows that hang on it (``prefetch_related``), and their table would be missed. Answers a product that has all there is."""
    demo.fill(1, operator=admin_user)
    cup = make.goods(brand=catalog.brand())
    product = cup.product
    PriceFloor.objects.get_or_create(pk=1)
    product.images.create(image="products/cup-2.png")
    product.guarantees.create(name="七天无理由退货")
    for scoped in (promotions.promotion(), coupons.template()):
        scoped.products.add(product)
        scoped.categories.add(product.category)
        scoped.brands.add(product.brand)
        scoped.skus.add(cup)
    return product


def tables(seen: CaptureQueriesContext) -> set[str]:
    """The tables that the database reads for these statements, by its own plans."""
    found: set[str] = set()
    for query in seen.captured_queries:
        if query["sql"].startswith(("SAVEPOINT", "RELEASE", "PREPARE", "SET ")):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            (plan,) = cursor.fetchone()
        todo = [plan if isinstance(plan, list) else json.loads(plan)]
        while todo:
            node = todo.pop()
            if isinstance(node, list):
                todo += node
            elif isinstance(node, dict):
                found |= {node["Relation Name"]} if "Relation Name" in node else set()
                todo += node.values()
    return found


def read_by(kept: versions.Kept[Any]) -> set[str]:
    """The tables that a value is compiled from."""
    with CaptureQueriesContext(connection) as seen:
        kept.load(demo.NOW) if kept.serves else kept.load()
    return tables(seen)


def read_by_pages(product: Product) -> set[str]:
    """The tables that a list of goods and a product's page read by themselves, made when all kept values are kept."""
    try:
        for early in (timedelta(0), timedelta(hours=1)):
            with CaptureQueriesContext(connection) as seen:
                prepared_pages.product_json(product_id=product.pk, at=demo.NOW, lead=early)
                for query in ({}, {"q": "杯"}):
                    lists.list_json(Asked("/products", str(query), query), at=demo.NOW, lead=early)
    finally:
        versions.forget()  # as the middleware does when a request is over
    return tables(seen)


def test_there_are_kept_values():
    assert {topic for kept in versions.ALL for topic in kept.topics} >= {
        "levels",
        "promotions",
        "level_prices",
        "freight",
        "coupon_templates",
        "points_rules",
        "goods",
    }


def made_of(product: Product) -> list[tuple[str, set[str], set[str]]]:
    """Each kept value, and all prepared pages, with its topics and the tables that it is made of."""
    kept_values = [
        (f"{kept.load.__module__}:{'+'.join(kept.topics)}", set(kept.topics), read_by(kept))
        for kept in versions.ALL
    ]
    pages = ("storefront.prepared_pages", PAGES_REST_ON, read_by_pages(product) - READ_FRESH.keys())
    return [*kept_values, pages]


def stale(product: Product) -> list[str]:
    """What could change without anybody's noticing, as sentences."""
    columns = watched()
    return [
        f"{who} reads {table}, whose changes renew none of {', '.join(sorted(topics))}"
        for who, topics, read in made_of(product)
        for table in sorted(read)
        if not topics & columns.get(table, {}).keys()
    ]


def test_every_table_that_a_kept_value_or_a_page_is_made_of_renews_one_of_its_topics(shop: Product):
    assert stale(shop) == []


def test_no_watched_table_could_be_forgotten_unnoticed(shop: Product):
    # The shop above must have rows wherever something is kept: a table that nothing reads here guards nothing.
    tables = watched()
    with connection.cursor() as cursor:
        for table, topics in tables.items():
            for topic in topics:
                cursor.execute(f'DROP TRIGGER "{table}_renews_{topic}" ON "{table}"')
                cursor.execute(f'DROP TRIGGER "{table}_renews_{topic}_all" ON "{table}"')
    assert {line.split(" reads ")[1].split(",")[0] for line in stale(shop)} == tables.keys()


def test_every_column_of_a_watched_table_is_watched_but_those_that_are_listed_with_a_reason():
    left: dict[str, set[str]] = {}
    for table, topics in watched().items():
        with connection.cursor() as cursor:
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
        for names in topics.values():
            if there - names:
                left[table] = there - names
    assert left == NOT_WATCHED


def test_what_every_request_reads_first_has_a_row_for_each_topic():
    assert set(versions.current()) == {topic for topics in watched().values() for topic in topics}


def test_the_guide_names_every_topic():
    page = (Path(__file__).parents[2] / "docs/guide/speed.md").read_text()
    table = page.split("## Kept values")[1].split("| topic |")[1].split("\n\n")[0]
    assert {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])} == {
        topic for topics in watched().values() for topic in topics
    }
