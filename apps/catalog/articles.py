"""Articles: SKUs with what is asked of them when they are bought, as plain values that each process keeps.

They are the same for everybody, and change when an operator changes goods: they are kept under the token of that
(docs/adr/0020), so that pricing a choice reads none of them twice. Stock and sales are not among what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from apps.base import versions
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Sku
from apps.catalog.rules import Bounds

# So many are kept in a process, at some 600 bytes each; then it begins anew.
MOST_KEPT: Final = 5_000
_NO_LEAD: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A SKU and its product. Read it, do not change it: all threads share it.

    ``image`` is the name of a stored picture, ``returns`` and ``insurance`` are as shoppers are shown them, ``insured_by``
    as an order's line remembers it. ``bounds`` are the product's.
    """

    sku_id: int
    product_id: int
    title: str
    option_text: str
    image: str
    price_fen: int
    cost_fen: int | None
    weight_g: int
    virtual: bool
    category_ids: frozenset[int]
    brand_id: int | None
    bounds: Bounds
    returns: Mapping[str, Any]
    insurance: Mapping[str, Any]
    insured_by: str
    on_sale: bool
    sale_starts_at: datetime | None
    sale_ends_at: datetime | None

    def can_be_bought(self, *, begun: datetime, at: datetime) -> bool:
        """Whether it is on sale, with a beginning at ``begun`` or before and an end after ``at``."""
        return (
            self.on_sale
            and (self.sale_starts_at is None or self.sale_starts_at <= begun)
            and (self.sale_ends_at is None or self.sale_ends_at > at)
        )


def sellable(sku_ids: Iterable[int], *, at: datetime, early: timedelta = _NO_LEAD) -> dict[int, Article]:
    """Those of the SKUs that can be bought at an instant, by id; ``early`` is how long before its start a sale is open.

    What is missing in the answer cannot be bought. One statement for those that this process does not keep.
    """
    begun = at + early
    return {
        sku_id: article
        for sku_id, article in of(sku_ids).items()
        if article.can_be_bought(begun=begun, at=at)
    }


def of(sku_ids: Iterable[int]) -> dict[int, Article]:
    """SKUs by id, sellable or not, in the order in which they were named; likewise."""
    kept = _KEPT.value()
    known = {sku_id: kept.get(sku_id) for sku_id in sku_ids}
    if missing := [sku_id for sku_id, article in known.items() if article is None]:
        read = {sku_id: article_of(sku) for sku_id, sku in catalog_facts.skus(missing).items()}
        if len(kept) + len(read) > MOST_KEPT:
            kept.clear()
        kept.update(read)
        known.update(read)
    return {sku_id: article for sku_id, article in known.items() if article is not None}


def article_of(sku: Sku) -> Article:
    """The article that a SKU is, whose product and category are at hand."""
    product = sku.product
    return Article(
        sku_id=sku.pk,
        product_id=product.pk,
        title=product.title,
        option_text=option_text(sku),
        image=image_name(sku),
        price_fen=sku.price_fen,
        cost_fen=sku.cost_fen,
        weight_g=sku.weight_g,
        virtual=sku.virtual,
        category_ids=catalog_facts.category_ids_of(product),
        brand_id=product.brand_id,
        bounds=Bounds.of(product),
        returns=catalog_facts.returns_of(product),
        insurance=catalog_facts.insurance_of(product),
        insured_by=catalog_facts.insured_by(product),
        on_sale=sku.enabled and product.on_sale,
        sale_starts_at=product.sale_starts_at,
        sale_ends_at=product.sale_ends_at,
    )


def option_text(sku: Sku) -> str:
    """A SKU's option values for people, in the product's order of options: ``白 / 大``."""
    return " / ".join(str(sku.option_values.get(option["name"], "")) for option in sku.product.options)


def image_name(sku: Sku) -> str:
    """The stored picture of a SKU, its product's cover where it has none of its own."""
    return sku.image.name or sku.product.cover.name or ""


def _none_yet() -> dict[int, Article]:
    """Articles are read as they are asked for: who asks has taken the tokens before, so that they are never older."""
    return {}


_KEPT: Final = versions.Kept("goods", load=_none_yet)
