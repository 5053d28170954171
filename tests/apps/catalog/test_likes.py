"""What a search asks as text is what Django would compose of it: the same goods, in the same order, from the same place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from apps.catalog import likes, search, shelves
from apps.catalog.models import Category
from apps.catalog.shelves import Shelf
from tests.apps.catalog import make

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TITLES = [
    "手工陶瓷茶杯套装",
    "功夫茶杯六只装",
    "茶杯 500g 白色",
    "100%纯棉茶巾",
    "iPhone 15 茶杯",
    "a_b 茶杯",
    "青/* rank */瓷",
    "紫砂壶",
]
QUERIES = [
    *("茶杯", "chabei", "cb", "杯", "陶瓷茶杯", "茶杯 白色", "500g 茶杯", "1.2L", "iphone15", "i-phone 15"),
    *(
        "%",
        "a_b",
        "_",
        "100%",
        "\\",
        "'",
        '"',
        "/* rank */",
        "/* condition */ 茶杯",
        "的",
        "白色的茶杯",
        "%s",
        "%%",
    ),
]


@pytest.fixture(autouse=True)
def goods() -> Category:
    ware = make.category("茶器")
    for number, title in enumerate(TITLES):
        make.product(
            title,
            category=ware if number % 2 else make.category(f"类目{number}"),
            sold_count=number % 3,
            skus=[make.unsaved_sku(price_fen=1000 * (1 + number % 4))],
        )
    return ware


def rows(shelf: Shelf, *, size: int = 50, after: Any = None) -> list[tuple[Any, ...]]:
    """What the shelf's own statement finds."""
    found = shelf.finding(size=size, after=after)
    with connection.cursor() as cursor:
        cursor.execute(found.text, found.values)
        return list(cursor.fetchall())


def composed(shelf: Shelf, *, size: int = 50, after: Any = None) -> list[tuple[Any, ...]]:
    """What Django finds."""
    return rows(shelf._replace(named=None), size=size, after=after)


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_is_found_in_the_same_order_from_any_place_on(query: str, goods: Category):
    for more in (
        {},
        {"category_id": goods.pk},
        {"price_from_fen": 2000},
        {"ordering": "price"},
        {"ordering": "-sales", "price_from_fen": 3000},
        {"ordering": "newest", "category_id": goods.pk},
    ):
        shelf = shelves.shelf(at=AT, query=query, **more)
        everything = rows(shelf)
        assert everything == composed(shelf)
        for row in everything:
            at = dict(zip(shelf.columns, row, strict=True))
            place = [at[name.removeprefix("-")] for name in shelf.ordering]
            assert rows(shelf, after=place) == composed(shelf, after=place)


def test_some_of_these_are_found_and_some_have_most(goods: Category):
    seen = [shelves.shelf(at=AT, query=query) for query in QUERIES]
    assert {shelf.matched for shelf in seen} == set(shelves.Matched)
    assert {row[-1] for shelf in seen if shelf.named for row in rows(shelf)} == {0, 1, 2}


def test_a_search_composes_nothing_when_its_like_was_composed_before(monkeypatch: pytest.MonkeyPatch):
    rows(shelves.shelf(at=AT, query="茶杯 手工"))

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("composed anew")

    monkeypatch.setattr(shelves, "_in_scope", refuse)
    monkeypatch.setattr(shelves, "_part", refuse)
    shelf = shelves.shelf(at=AT, query="茶杯 陶瓷")
    assert (shelf.matched, len(rows(shelf))) == (shelves.Matched.ALL, 1)


def test_whether_anything_has_all_of_it_is_one_statement(django_assert_num_queries: Any):
    for query, matched in (("茶杯 手工", "all"), ("茶杯 螺丝", "most")):
        with django_assert_num_queries(1):
            assert shelves.shelf(at=AT, query=query).matched == matched


def test_what_is_asked_twice_is_asked_once():
    cup, told = Q(search_words__contains=" 茶杯"), '"catalog_product"."search_words"::text LIKE %s'
    assert likes.condition_text(cup | cup) == (told, ["% 茶杯%"])
    assert likes.condition_text((cup | cup) & (cup | Q(title__icontains="50%_"))) == (
        f'({told} AND ({told} OR UPPER("catalog_product"."title"::text) LIKE UPPER(%s)))',
        ["% 茶杯%", "% 茶杯%", "%50\\%\\_%"],
    )


def test_only_what_searches_are_made_of_can_be_told():
    with pytest.raises(KeyError):
        likes.condition_text(Q(title__startswith="茶"))
    asked = search.understood("%")
    assert asked is not None
    assert likes.rank_text(asked.rank) == ("1", ())
