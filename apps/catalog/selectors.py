"""What reads the catalogue: the tree, one product's page, what can be bought. The shelf is in ``shelves``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.deletion import Collector, ProtectedError
from django.db.models.functions import JSONObject

from apps.base import versions
from apps.base.statements import Select
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
from apps.catalog.shelves import Listed
from mall.errors import NotFound

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
    return steps_of(product.category.path)


@lru_cache(maxsize=1024)
def steps_of(path: str) -> frozenset[int]:
    """Return the ids that a category's path holds: its own and those above it."""
    return frozenset(int(step) for step in path.strip("/").split("/") if step)


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


def new_until(product: Product | Listed | ProductPage) -> datetime:
    """Return when a product ceases, or ceased, to be 新品, which it is ``NEW_FOR``."""
    return max(product.created_at, product.sale_starts_at or product.created_at) + NEW_FOR


def returns_of(product: Product | ProductPage) -> dict[str, Any]:
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


def insurance_of(product: Product | ProductPage) -> dict[str, Any]:
    """Return whether an insurer pays for sending back, as it is shown before buying: who pays it, and a text."""
    insured = FreightInsurance(product.freight_insurance)
    return {"paid_by": insured.value, "text": str(insured.label)}


def insured_by(product: Product) -> str:
    """Return who pays the insurer of a product's way back, empty for nobody: what an order's line remembers."""
    return "" if product.freight_insurance == FreightInsurance.NONE else product.freight_insurance


def badges_of(product: Product | Listed | ProductPage, *, at: datetime) -> list[str]:
    """Return what the catalogue itself says of a product in a list: 新品 for two weeks, 热卖 from 300 units sold."""
    until = new_until(product)
    said = ["新品"] if until - NEW_FOR <= at < until else []
    return [*said, "热卖"] if product.sold_count >= HOT_FROM_UNITS else said


class ProductPage(NamedTuple):
    """A product with everything that its page shows: its columns, and those of what belongs to it.

    ``path`` is its category's; ``pictures`` are stored names; ``labels`` are {name, explanation}; ``choices``, its enabled
    SKUs, {id, option_values, price_fen, market_price_fen, image, virtual}.
    """

    pk: int
    title: str
    subtitle: str
    cover: str
    price_fen: int
    market_price_fen: int | None
    sold_count: int
    created_at: datetime
    sale_starts_at: datetime | None
    sale_ends_at: datetime | None
    category_id: int
    category: str
    path: str
    brand_id: int | None
    brand: str | None
    video: str
    detail_html: str
    returns: str
    freight_insurance: str
    min_quantity: int
    max_quantity: int | None
    quantity_step: int
    attributes: list[dict[str, str]]
    options: list[dict[str, Any]]
    pictures: list[str]
    labels: list[dict[str, str]]
    choices: list[dict[str, Any]]

    @classmethod
    def of(cls, row: Sequence[Any]) -> ProductPage:
        """The product of a row of ``product_page``, as the database answers it."""
        *plain, attributes, options, pictures, labels, choices = row
        told = (orjson.loads(attributes), orjson.loads(options), pictures)
        lists = ([orjson.loads(each) for each in column] for column in (labels, choices))
        return cls._make([*plain, *told, *lists])


# Where a field of ProductPage is not the product's own column of that name.
_FROM: Final = {"category": "category__name", "path": "category__path", "brand": "brand__name"}


def product_page(*, product_id: int, begun: datetime, at: datetime) -> QuerySet[Any]:
    """Return the row of a ProductPage, if its sale begins at ``begun`` or before and ends after ``at``."""
    pictures = ProductImage.objects.filter(product=OuterRef("pk")).order_by("position", "id")
    labels = GuaranteeLabel.objects.filter(product=OuterRef("pk")).order_by("id")
    live = Sku.objects.filter(product=OuterRef("pk"), enabled=True).order_by("id")
    columns: dict[str, Any] = {
        name: F(name) for name in ("id", "option_values", "price_fen", "market_price_fen", "image", "virtual")
    }
    own = ProductPage._fields[: ProductPage._fields.index("pictures")]
    return (
        Product.objects.begun_and_not_over(begun=begun, at=at)
        .filter(pk=product_id)
        .values_list(
            *(_FROM.get(name, name) for name in own),
            ArraySubquery(pictures.values("image")),
            ArraySubquery(labels.values(json=JSONObject(name="name", explanation="explanation"))),
            ArraySubquery(live.values(json=JSONObject(**columns))),
        )
    )


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
