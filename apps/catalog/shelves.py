"""The shelf: which goods are on sale, in which order, and how they look in a list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial, reduce
from operator import or_
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet, Subquery

from apps.base import paging, planned
from apps.base.planned import Planned
from apps.base.statements import Text
from apps.catalog import likes, search
from apps.catalog.likes import Part
from apps.catalog.models import Category, Product, Sku
from mall.errors import Invalid
from mall.pricing.scope import ALL_GOODS, AllGoods, Brands, Categories, Products, Scope, Skus

# What a shopper may sort by. Every ordering ends with the id, which is unique and the order of creation.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "default": ("-sold_count", "-id"),
    "sales": ("-sold_count", "-id"),
    "newest": ("-id",),
    "price": ("price_fen", "id"),
    "-price": ("-price_fen", "-id"),
}
# The same under the names of the fields, as generic clients ask.
ORDERINGS |= {
    "price_fen": ORDERINGS["price"],
    "-price_fen": ORDERINGS["-price"],
    "-sold_count": ORDERINGS["sales"],
    "-sales": ORDERINGS["sales"],
}
BY_RELEVANCE = ("rank", "-sold_count", "-id")
_WITH_ALL: Final = timedelta(0)
# What every row that is found has, before what else it is ordered by.
_ALWAYS: Final = ("id", "sold_count")
# Fixed statements read so many rows, whatever fewer are wanted: the server keeps a plan of each.
_SIZES: Final = (paging.PAGE_SIZE + 1, paging.MAX_PAGE_SIZE + 1)


class OrderingUnknown(Invalid):
    """An ordering that the shop does not know; details: ``known``."""

    code = "ordering_unknown"
    message = "不支持的排序方式"


class Matched(StrEnum):
    """How much of a search the goods on the shelf have: all of it, or, where nothing has all, most."""

    ALL = "all"
    MOST = "most"


class Finding(NamedTuple):
    """A statement that finds products in their order: its text with places ``%s``, their values, and its columns.

    The first two columns are the product's id and its sales, the others those that it is ordered by; all are numbers. It
    may find more rows than were wanted. ``fixed``: the text is one of a few, so that the server may keep its plan.
    """

    text: str
    values: Sequence[Any]
    columns: tuple[str, ...]
    fixed: bool


class Shelf(NamedTuple):
    """Goods on sale (composed when asked for), the ordering to page them by, and how much of the search they have.

    ``named`` are the values by which a statement finds them that was composed before, with the search put into it where
    one was ``wanted``; None where it was not: for what is seldom asked, such as a scope.
    """

    products: Callable[[], QuerySet[Product]]
    ordering: tuple[str, ...]
    matched: Matched
    named: Mapping[str, Any] | None = None
    wanted: search.Query | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row that ``finding`` finds."""
        return _columns(self.ordering)

    def finding(self, *, size: int, after: Sequence[Any] | None = None) -> Finding:
        """What finds the first so many of the goods, or those behind the place ``after``, a cursor's values."""
        if self.named is not None and size <= _SIZES[-1]:
            places = {f"after_{place}": value for place, value in enumerate(after or ())}
            named = {**self.named, **places}
            limit = next(each for each in _SIZES if size <= each)
            text = _text(self.ordering, limit, self.wanted is not None, *named)
            found = Part(text.text, text.values(**named))
            if self.wanted is not None:
                found = likes.put(found, condition=self.wanted.condition, rank=self.wanted.rank)
            return Finding(*found, self.columns, fixed=self.wanted is None)
        sql, values = _part(self.products(), self.ordering, size, after).query.sql_with_params()
        return Finding(sql, values, self.columns, fixed=False)


def shelf(
    *,
    at: datetime,
    category_id: int | None = None,
    query: str = "",
    ordering: str | None = None,
    scope: Scope = ALL_GOODS,
    price_from_fen: int = 0,
    early: timedelta = _WITH_ALL,
) -> Shelf:
    """Return the products on sale that were asked for, the ordering to page them by, and how well they match.

    A category holds its descendants' products; an unknown or hidden one holds none. With a query and no ordering of its
    own, the best match comes first; where nothing has all of the query, the products that have most of it are returned
    (one statement, for a query of several words). ``scope`` keeps to the goods that an offer means, ``price_from_fen``
    to those that cost as much; ``early`` as in ``selectors.sellable_skus``.
    Raises OrderingUnknown, search.QueryTooLong, search.QueryUnreadable.
    """
    if ordering and ordering not in ORDERINGS:
        raise OrderingUnknown(details={"known": list(ORDERINGS)})
    order = ORDERINGS[ordering or "default"]
    named: dict[str, Any] = {"begun": at + early, "at": at}
    if category_id is not None:
        named["category_id"] = category_id
    wanted = search.understood(query)
    if wanted is None and scope == ALL_GOODS and not price_from_fen:
        return Shelf(lambda: _shelved(**named), order, Matched.ALL, named)
    named["price_from_fen"] = price_from_fen
    if wanted is None:
        products = _shelved(**named).filter(_meant_by(scope))
        return Shelf(lambda: products, order, Matched.ALL)
    by_relevance = ordering in {None, "", "default"}
    return _searched(wanted, BY_RELEVANCE if by_relevance else order, scope, named)


def _searched(wanted: search.Query, order: tuple[str, ...], scope: Scope, named: Mapping[str, Any]) -> Shelf:
    """The products that have all of a search, or, where none has, most of it."""
    products = partial(_in_scope, scope, named)
    if wanted.most is not None and not _has_any(wanted, scope, named):
        rank = wanted.most.missing
        condition = Q(wanted.most.condition, missing__lte=wanted.most.at_most)
        return Shelf(
            lambda: products().alias(missing=rank).filter(condition).annotate(rank=rank),
            order,
            Matched.MOST,
        )
    return Shelf(
        lambda: products().filter(wanted.condition).annotate(rank=wanted.rank),
        order,
        Matched.ALL,
        named if scope == ALL_GOODS else None,
        wanted,
    )


def _has_any(wanted: search.Query, scope: Scope, named: Mapping[str, Any]) -> bool:
    """Whether any product has all of a search: one statement."""
    if scope != ALL_GOODS:
        return _in_scope(scope, named).filter(wanted.condition).exists()
    text = _text(("id",), 1, True, *named)
    found = likes.put(Part(text.text, text.values(**named)), condition=wanted.condition)
    with connection.cursor() as cursor:
        cursor.execute(*found)
        return cursor.fetchone() is not None


class Listed(NamedTuple):
    """A product as lists show it; ``path`` is its category's, ``sku_ids`` are those that are enabled."""

    pk: int
    title: str
    subtitle: str
    cover: str
    price_fen: int
    market_price_fen: int | None
    sold_count: int
    brand_id: int | None
    created_at: datetime
    sale_starts_at: datetime | None
    path: str
    sku_ids: list[int]


_LISTED: Final = Planned(
    """
    SELECT product.id, product.title, product.subtitle, product.cover, product.price_fen, product.market_price_fen,
           product.sold_count, product.brand_id, product.created_at, product.sale_starts_at, category.path,
           ARRAY(SELECT id FROM catalog_sku WHERE product_id = product.id AND enabled ORDER BY id)
      FROM catalog_product AS product JOIN catalog_category AS category ON category.id = product.category_id
     WHERE product.id = ANY($1)
    """,
    "bigint[]",
)


def listed(product_ids: Collection[int]) -> dict[int, Listed]:
    """Return products as lists show them, by id, those off sale included: one query."""
    return {row[0]: Listed(*row) for row in _LISTED.rows(planned.array(product_ids))}


def _in_scope(scope: Scope, named: Mapping[str, Any]) -> QuerySet[Product]:
    return _shelved(**named).filter(_meant_by(scope))


def _shelved(
    *, begun: datetime, at: datetime, category_id: int | None = None, price_from_fen: int | None = None
) -> QuerySet[Product]:
    """What is on the shelf, or what a category holds of it; from a price on, if one is named."""
    products = Product.objects.begun_and_not_over(begun=begun, at=at)
    if price_from_fen is not None:
        products = products.filter(price_fen__gte=price_from_fen)
    if category_id is not None:
        path = Category.objects.shown().filter(pk=category_id).values("path")
        products = products.filter(category__path__startswith=Subquery(path))
    return products


def _columns(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_ALWAYS, *(name.removeprefix("-") for name in order)]))


def _part(
    products: QuerySet[Product], order: tuple[str, ...], size: int, after: Sequence[Any] | None
) -> QuerySet[Any]:
    """The first so many of some products, or those behind a place: the columns of a ``Finding``."""
    if after:
        products = products.filter(paging.behind(order, after))
    return products.order_by(*order).values_list(*_columns(order))[:size]


@lru_cache(maxsize=64)
def _text(order: tuple[str, ...], size: int, is_searched: bool, *names: str) -> Text:
    """The statement that finds so many rows of the shelf in this order, by the values of these names; with marks for a
    search, where it is one."""

    def make(**named: Any) -> QuerySet[Any]:
        after = [named.pop(name) for name in names if name.startswith("after_")]
        products = _shelved(**named)
        if is_searched:
            products = products.filter(likes.condition_mark()).annotate(rank=likes.rank_mark())
        return _part(products, order, size, after)

    return Text(make, **{name: datetime if name in {"begun", "at"} else int for name in names})


def _meant_by(scope: Scope) -> Q:
    """The condition on products that a scope stands for: what ``scope.covers`` says of their lines."""
    match scope:
        case AllGoods():
            return Q()
        case Products(ids):
            return Q(pk__in=ids)
        case Skus(ids):
            return Q(pk__in=Sku.objects.filter(pk__in=ids).values("product_id"))
        case Brands(ids):
            return Q(brand_id__in=ids)
        case Categories(ids):
            below = [Q(category__path__contains=f"/{category_id}/") for category_id in sorted(ids)]
            return reduce(or_, below)
