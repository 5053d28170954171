"""The page of a product as prepared bytes: what is in stock, what is sold and the time are filled in at each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from apps.base import planned, prepared, replica
from apps.base.inputs import MAX_BIGINT
from apps.base.planned import Planned
from apps.base.prepared import Making, Near, Page
from apps.base.statements import Text
from apps.catalog import selectors as catalog_facts
from apps.catalog.selectors import ProductPage
from apps.inventory import selectors as stock_facts
from apps.storefront import scenes, showcase
from mall.errors import NotFound

MOST_PAGES: Final = 160
_HOLD: Final = timedelta(hours=1)

# What fills the holes of a kept page, how far limits are used up, and the tokens, as of one moment.
_SOLD: Final = "(SELECT sold_count FROM catalog_product WHERE id = $1)"
_FREE: Final = stock_facts.free_column("SELECT id FROM catalog_sku WHERE product_id = $1")
_LOOK: Final = Planned(
    f"SELECT {', '.join([_SOLD, _FREE, *scenes.columns('$2', '$3')])}",
    "bigint",
    "bigint[]",
    "date",
)


class _Said(NamedTuple):
    """What a statement said of a product: how many are sold, and what is free as ``inventory.free_told`` reads it."""

    sold_count: int
    free: str | None

    @property
    def is_hot(self) -> bool:
        return self.sold_count >= catalog_facts.HOT_FROM_UNITS


@dataclass(slots=True, eq=False)
class _Product:
    """A product's page, and what stood in its holes the last time and why; None stands for the time."""

    page: Page
    last: tuple[_Said, Sequence[bytes | None]] | None = None


_pages: Final[Near[tuple[timedelta, int], _Product]] = Near(MOST_PAGES)


def product_json(*, product_id: int, at: datetime, lead: timedelta) -> bytes:
    """A product's page in the contract's form. Raises NotFound where it is not on sale.

    One statement, and one more where the kept page was good no more.
    """
    if product_id > MAX_BIGINT:
        raise NotFound("商品不存在或已下架")
    kept = _pages.get((lead, product_id))
    if kept is not None and kept.page.made_at <= at < kept.page.until:
        asked = scenes.question(at=at)
        ((sold_count, free, tallies, tokens),) = _LOOK.rows(product_id, *asked.values)
        said = _Said(sold_count or 0, free)
        scene = scenes.scene(asked.told(tallies, tokens), at=at, lead=lead)
        if kept.page.good((scene.basis, said.is_hot), at=at):
            return _answered(kept, said, at=at)
    return replica.from_primary(lambda: _made(product_id, at=at, lead=lead))


def _made(product_id: int, *, at: datetime, lead: timedelta) -> bytes:
    asked = scenes.question(at=at)
    ids, day = asked.values
    named = {"product_id": product_id, "begun": at + lead, "at": at, "ids": ids, "day": day.isoformat()}
    found = planned.rows(_PAGE.text, _PAGE.values(**named))
    if not found:
        raise NotFound("商品不存在或已下架")
    *row, free, tallies, tokens = found[0]
    product = ProductPage.of(row)
    scene = scenes.scene(asked.told(tallies, tokens), at=at, lead=lead)
    said = _Said(product.sold_count, free)
    making = Making()
    cut = making.cut(showcase.page_of(product, scene.wear, making, at=at))
    made = _Product(Page(cut, (scene.basis, said.is_hot), at, min([at + _HOLD, *_turns(product, at=at)])))
    _pages.put((lead, product_id), made)
    return _answered(made, said, at=at)


def _page(*, product_id: int, begun: datetime, at: datetime, ids: str, day: str) -> QuerySet[Any]:
    """The product with what fills the holes of its page, and what its scene is made of, as of one moment."""
    free = stock_facts.free_column('SELECT id FROM catalog_sku WHERE product_id = "catalog_product"."id"')
    tallies, tokens = scenes.columns("%s::bigint[]", "%s::date")
    return catalog_facts.product_page(product_id=product_id, begun=begun, at=at).annotate(
        free=RawSQL(free, [], TextField()),  # noqa: S611 -- texts of our own
        tallies=RawSQL(tallies, [ids, day], TextField()),  # noqa: S611 -- likewise
        tokens=RawSQL(tokens, [], TextField()),  # noqa: S611 -- likewise
    )


_PAGE: Final = Text(_page, product_id=int, begun=datetime, at=datetime, ids=str, day=str)


def _turns(product: ProductPage, *, at: datetime) -> list[datetime]:
    """When the clock alone changes the page: its sale ends, or 新品 goes, or comes (with the sale, after an early start)."""
    turns = [product.sale_starts_at, product.sale_ends_at, catalog_facts.new_until(product)]
    return [turn for turn in turns if turn is not None and turn > at]


def _answered(kept: _Product, said: _Said, *, at: datetime) -> bytes:
    """A product's page with its sales, what is left of all its SKUs and of each, and the time."""
    last = kept.last  # taken once: another thread may be told something else meanwhile
    if last is None or last[0] != said:
        free = stock_facts.free_told(said.free)
        fillings = tuple(_filling(hole, said.sold_count, free) for hole in kept.page.cut.holes)
        last = kept.last = (said, fillings)
    now = prepared.server_time(at)
    return kept.page.cut.filled(now if filling is None else filling for filling in last[1])


def _filling(hole: Any, sold_count: int, free: Mapping[int, int]) -> bytes | None:
    """What stands in a hole, None for the time."""
    what, sku_ids = hole
    if what == "now":
        return None
    if what == "sold":
        return b'"sold_count":%d' % sold_count
    units = sum(free.get(sku_id, 0) for sku_id in sku_ids)
    return showcase.stock_json(units) if what == "units" else b'"available":%d' % units
