"""Everything that reads the catalogue: the tree, the shelf, one product's page, what can be bought."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Final, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.deletion import Collector, ProtectedError
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import JSONObject

from apps.base import versions
from apps.base.statements import Select
from apps.catalog import search
from apps.catalog.models import (
    NO_REASON_DAYS,
    Category,
    FreightInsurance,
    GuaranteeLabel,
    Product,
    ProductImage,
    Returns,
    Sku,
)
from mall.errors import Invalid, NotFound
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
NEW_FOR = timedelta(days=14)
HOT_FROM_UNITS = 300
_WITH_ALL = timedelta(0)
# What no price and no line of an order asks of a product; long, too.
_PAGE_ONLY = ("product__detail_html", "product__search_words", "product__attributes", "product__video")


def _with_products(skus: QuerySet[Sku]) -> QuerySet[Sku]:
    return skus.select_related("product__category", "product__brand").defer(*_PAGE_ONLY).order_by()


_SKUS: Final = Select(lambda *, sku_ids: _with_products(Sku.objects.filter(pk__in=sku_ids)), sku_ids=list)
_SELLABLE: Final = Select(
    lambda *, sku_ids, begun, at: _with_products(
        Sku.objects.filter(
            Q(product__sale_starts_at__isnull=True) | Q(product__sale_starts_at__lte=begun),
            Q(product__sale_ends_at__isnull=True) | Q(product__sale_ends_at__gt=at),
            pk__in=sku_ids,
            enabled=True,
            product__on_sale=True,
        )
    ),
    sku_ids=list,
    begun=datetime,
    at=datetime,
)


class OrderingUnknown(Invalid):
    """An ordering that the shop does not know; details: ``known``."""

    code = "ordering_unknown"
    message = "不支持的排序方式"


def sellable_skus(sku_ids: Collection[int], *, at: datetime, early: timedelta = _WITH_ALL) -> dict[int, Sku]:
    """Return those of the SKUs that can be bought at an instant, by id: enabled, their product on sale.

    ``early`` is how long before its start a sale is open to whoever asks. One query; product, category and
    brand are at hand. What is missing in the answer cannot be bought.
    """
    found = _SELLABLE.rows(sku_ids=list(sku_ids), begun=at + early, at=at)
    return {sku.pk: sku for sku in found}


def skus(sku_ids: Collection[int]) -> dict[int, Sku]:
    """Return SKUs by id, sellable or not (a cart shows what went off sale), with product, category and brand."""
    return {sku.pk: sku for sku in _SKUS.rows(sku_ids=list(sku_ids))}


def category_ids_of(product: Product) -> frozenset[int]:
    """Return the ids of the product's category and of all above it. No query if the category is at hand."""
    return frozenset(int(step) for step in product.category.path.strip("/").split("/") if step)


def tree() -> list[Category]:
    """Return the shown roots in their order, each with ``branches``: its shown children, likewise. One query.

    What lies under a hidden category is hidden with it; products stay on sale all the same.
    """
    shown = list(Category.objects.filter(visible=True))
    by_parent: dict[int | None, list[Category]] = {}
    for category in shown:
        by_parent.setdefault(category.parent_id, []).append(category)
    for category in shown:
        category.branches = by_parent.get(category.pk, [])  # type: ignore[attr-defined]
    return by_parent.get(None, [])


def full_names() -> dict[int, str]:
    """Return every category, hidden ones too, as ``茶器 / 茶杯`` by id, in the order of the tree. One query."""
    by_parent: dict[int | None, list[Category]] = {}
    for category in Category.objects.all():
        by_parent.setdefault(category.parent_id, []).append(category)
    names: dict[int, str] = {}
    waiting = [(category, "") for category in reversed(by_parent.get(None, []))]
    while waiting:
        category, above = waiting.pop()
        names[category.pk] = f"{above}{category.name}"
        below = reversed(by_parent.get(category.pk, []))
        waiting.extend((child, f"{names[category.pk]} / ") for child in below)
    return names


def require_category(category_id: int) -> None:
    """Refuse a category that does not exist or is hidden. Raises NotFound. One query."""
    if not Category.objects.shown().filter(pk=category_id).exists():
        raise NotFound("类目不存在")


# What a page of a product tells and a list does not: JSON is taken apart for each row that has it.
_NOT_LISTED: Final = ("search_words", "detail_html", "attributes", "options")


class Matched(StrEnum):
    """How much of a search the goods on the shelf have: all of it, or, where nothing has all, most."""

    ALL = "all"
    MOST = "most"


class Shelf(NamedTuple):
    """Goods on sale (composed when asked for), the ordering to page them by, and how much of the search they have.

    ``first`` reads the first so many of them in that ordering by a statement that was composed before; None where it
    was not: for what hardly anybody asks, such as a search.
    """

    products: Callable[[], QuerySet[Product]]
    ordering: tuple[str, ...]
    matched: Matched
    first: Callable[[int], list[Product]] | None = None


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

    Each row carries ``live_sku_ids``. A category holds its descendants' products; an unknown or hidden one holds
    none. With a query and no ordering of its own, the best match comes first; where nothing has all of the query, the
    products that have most of it are returned (one statement more, for a query of several words). ``scope`` keeps
    to the goods that an offer means, ``price_from_fen`` to those that cost as much; ``early`` as in sellable_skus.
    Raises OrderingUnknown, search.QueryTooLong, search.QueryUnreadable.
    """
    if ordering and ordering not in ORDERINGS:
        raise OrderingUnknown(details={"known": list(ORDERINGS)})
    order = ORDERINGS[ordering or "default"]
    wanted = search.understood(query)
    matched = Matched.ALL
    if wanted is None and scope == ALL_GOODS and not price_from_fen:

        def first(size: int) -> list[Product]:
            of_category = {} if category_id is None else {"category_id": category_id}
            return _front(order, size, *of_category).rows(begun=at + early, at=at, **of_category)

        return Shelf(
            lambda: _shelved(begun=at + early, at=at, category_id=category_id), order, matched, first
        )
    products = _shelved(begun=at + early, at=at, category_id=category_id)
    products = products.filter(_meant_by(scope), price_fen__gte=price_from_fen)
    if wanted is not None:
        rank: Case | CombinedExpression = wanted.rank
        found = products.filter(wanted.condition)
        if wanted.most is not None and not found.exists():
            matched, rank = Matched.MOST, wanted.most.missing
            found = products.filter(wanted.most.condition).alias(missing=rank)
            found = found.filter(missing__lte=wanted.most.at_most)
        products = found
        if ordering in {None, "", "default"}:
            products = products.annotate(rank=rank)
            order = BY_RELEVANCE
    return Shelf(lambda: products, order, matched)


def _shelved(*, begun: datetime, at: datetime, category_id: int | None = None) -> QuerySet[Product]:
    """The rows of the shelf, or of what a category holds, with what a list shows of them."""
    products = Product.objects.begun_and_not_over(begun=begun, at=at)
    if category_id is not None:
        path = Category.objects.shown().filter(pk=category_id).values("path")
        products = products.filter(category__path__startswith=Subquery(path))
    return _as_listed(products)


def _as_listed(products: QuerySet[Product]) -> QuerySet[Product]:
    live = Sku.objects.filter(product=OuterRef("pk"), enabled=True).order_by("id")
    listed = products.annotate(live_sku_ids=ArraySubquery(live.values("id")))
    return listed.select_related("category").defer(*_NOT_LISTED)


def listed(product_ids: Collection[int]) -> dict[int, Product]:
    """Return products as lists show them, by id, those off sale included: one query."""
    found = _as_listed(Product.objects.filter(pk__in=product_ids))
    return {product.pk: product for product in found}


@lru_cache(maxsize=64)
def _front(order: tuple[str, ...], size: int, *names: str) -> Select[Product]:
    """The statement of the first page in this order; ``names`` has ``category_id`` where it is of a category."""
    return Select(
        lambda **named: _shelved(**named).order_by(*order)[:size],
        begun=datetime,
        at=datetime,
        **dict.fromkeys(names, int),
    )


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


class _Turns(NamedTuple):
    """When sales of products that are switched on begin and end, each in order."""

    begin: list[datetime]
    end: list[datetime]


def _turns() -> _Turns:
    on = Product.objects.filter(on_sale=True).order_by()
    begin = on.filter(sale_starts_at__isnull=False).values_list("sale_starts_at", flat=True)
    end = on.filter(sale_ends_at__isnull=False).values_list("sale_ends_at", flat=True)
    return _Turns(*(sorted(moment for moment in found if moment is not None) for found in (begin, end)))


_TURNS: Final = versions.Kept("goods", load=_turns)


def next_turn(*, at: datetime, early: timedelta = _WITH_ALL) -> datetime:
    """Return when the goods on sale change next by the clock alone, for whoever is let in ``early``; it is kept."""
    turns = _TURNS.value()
    begin = bisect_right(turns.begin, at + early)
    end = bisect_right(turns.end, at)
    coming = [turns.begin[begin] - early] if begin < len(turns.begin) else []
    coming += [turns.end[end]] if end < len(turns.end) else []
    return min(coming, default=datetime.max.replace(tzinfo=UTC))


def new_until(product: Product) -> datetime:
    """Return when a product ceases, or ceased, to be 新品."""
    return max(product.created_at, product.sale_starts_at or product.created_at) + NEW_FOR


def returns_of(product: Product) -> dict[str, Any]:
    """Return whether a product goes back without a reason, as it is shown before buying.

    ``needs_confirmation``: the exception holds only where the shopper confirms it with the order.
    """
    returns = Returns(product.returns)
    return {
        "code": returns.value,
        "days": NO_REASON_DAYS if returns == Returns.SEVEN_DAYS else 0,
        "text": str(returns.label),
        "needs_confirmation": returns == Returns.CONFIRMED,
    }


def insurance_of(product: Product) -> dict[str, Any]:
    """Return whether an insurer pays for sending back, as it is shown before buying: who pays it, and a text."""
    insured = FreightInsurance(product.freight_insurance)
    return {"paid_by": insured.value, "text": str(insured.label)}


def insured_by(product: Product) -> str:
    """Return who pays the insurer of a product's way back, empty for nobody: what an order's line remembers."""
    return "" if product.freight_insurance == FreightInsurance.NONE else product.freight_insurance


def badges_of(product: Product, *, at: datetime) -> list[str]:
    """Return what the catalogue itself says of a product in a list: 新品 for two weeks, 热卖 from 300 units sold."""
    until = new_until(product)
    said = ["新品"] if until - NEW_FOR <= at < until else []
    return [*said, "热卖"] if product.sold_count >= HOT_FROM_UNITS else said


def product_page(*, product_id: int, at: datetime, early: timedelta = _WITH_ALL) -> Product:
    """Return a product on sale with everything its page shows, in one query. Raises NotFound.

    Besides its columns: ``picture_names`` (stored names), ``labels`` ({name, explanation}), ``choices``, its enabled
    SKUs ({id, option_values, price_fen, market_price_fen, image, virtual}). ``early`` as in sellable_skus.
    """
    found = _PAGE.first(product_id=product_id, begun=at + early, at=at)
    if found is None:
        raise NotFound("商品不存在或已下架")
    return found


def _page(*, product_id: int, begun: datetime, at: datetime) -> QuerySet[Product]:
    pictures = ProductImage.objects.filter(product=OuterRef("pk")).order_by("position", "id")
    labels = GuaranteeLabel.objects.filter(product=OuterRef("pk")).order_by("id")
    live = Sku.objects.filter(product=OuterRef("pk"), enabled=True).order_by("id")
    columns: dict[str, Any] = {
        name: F(name) for name in ("id", "option_values", "price_fen", "market_price_fen", "image", "virtual")
    }
    return (
        Product.objects.begun_and_not_over(begun=begun, at=at)
        .filter(pk=product_id)
        .select_related("category", "brand")
        .annotate(
            picture_names=ArraySubquery(pictures.values("image")),
            labels=ArraySubquery(labels.values(json=JSONObject(name="name", explanation="explanation"))),
            choices=ArraySubquery(live.values(json=JSONObject(**columns))),
        )
    )


_PAGE: Final = Select(_page, product_id=int, begun=datetime, at=datetime)


def on_sale(*, product_id: int, at: datetime) -> Product | None:
    """Return a product that everybody can buy at an instant, without what only its page needs; None for any other."""
    return on_sale_among([product_id], at=at).get(product_id)


def on_sale_among(
    product_ids: Collection[int], *, at: datetime, early: timedelta = _WITH_ALL
) -> dict[int, Product]:
    """Those of the products that are on sale at an instant, by id, read as by ``on_sale``; ``early`` as in sellable_skus."""
    rows = Product.objects.on_sale_at(at, early=early).filter(pk__in=product_ids)
    return {row.pk: row for row in rows.only("id", "title", "cover", "price_fen")}


def undeletable(sku_ids: Collection[int]) -> set[int]:
    """Which of these SKUs something else rests on: stock, orders, carts. They can only be disabled."""
    found = set()
    for sku in Sku.objects.filter(pk__in=sku_ids):
        try:
            Collector(using=DEFAULT_DB_ALIAS).collect([sku])
        except ProtectedError:
            found.add(sku.pk)
    return found
