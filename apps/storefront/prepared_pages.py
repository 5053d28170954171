"""The list of goods and the page of a product as prepared bytes: what is in stock, and sold, is filled in at each request.

A page rests on the goods, on the promotions, and on which offers are shown at this moment (its sign: an offer whose limit is
used up, or whose step has passed, is gone at once). What depends on sales alone, the order of a list and 热卖 in it, may be
``LISTS_HOLD`` old; a product's own page is never.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils import timezone

from apps.base import prepared, versions
from apps.base.inputs import MAX_BIGINT
from apps.base.prepared import Making, Page, Pages
from apps.catalog import detail, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Product
from apps.checkout import activities
from apps.inventory import selectors as stock_facts
from apps.pictures import stored
from apps.promotions import selectors as promotion_facts
from apps.promotions import wording
from apps.storefront import showcase
from mall.errors import NotFound

LISTS_HOLD: Final = timedelta(seconds=10)
_PAGES_HOLD: Final = timedelta(hours=1)
_LISTS: Final = Pages("list", "goods", "promotions")
_PRODUCTS: Final = Pages("product", "goods", "promotions")
# Pages of another release, which may look otherwise, are not ours.
_MADE_BY: Final = blake2b(
    "".join(
        inspect.getsource(module)
        for module in (showcase, prepared, catalog_facts, detail, stored, rules, promotion_facts, wording)
    ).encode(),
    digest_size=8,
).hexdigest()


class Listed(NamedTuple):
    """A page of ``catalog.shelf``: its products, the address of the next page, and how much of a search they have."""

    products: Sequence[Product]
    following: str | None
    matched: catalog_facts.Matched


def list_json(*, asked: Sequence[object], read: Callable[[], Listed], at: datetime, lead: timedelta) -> bytes:
    """One page of goods in the contract's form. ``asked`` is all that the answer depends on beside its moment.

    ``read`` reads the products, where no good page is kept; whatever it raises is raised. Up to two statements for
    a kept page (stock with the tokens, limits of offers), two more for one that is made.
    """
    key = _LISTS.key(_MADE_BY, settings.PUBLIC_BASE_URL, lead, *asked)
    page = _LISTS.kept(key)
    free: dict[int, int] | None = None
    if page is None:
        versions.read()
    elif not versions.known():
        free = _looked(page)
    seen = promotion_facts.shown(at=at, lead=lead)
    sign = _sign(seen, at=at)

    def good(page: Page | None) -> bool:
        return _LISTS.good(page, sign=sign, at=at)

    if page is None or not good(page):
        free = None
        page = _LISTS.made(key, lambda: _list(read(), seen, sign, at=at, lead=lead), good=good)
    if free is None:
        free = stock_facts.available(_sku_ids(page))
    return page.filled([showcase.stock_json(sum(free[sku_id] for sku_id in hole)) for hole in page.holes])


def product_json(*, product_id: int, at: datetime, lead: timedelta) -> bytes:
    """A product's page in the contract's form. Raises NotFound where it is not on sale.

    Up to two statements for a kept page (stock and sales with the tokens, limits of offers), one more for one that
    is made.
    """
    if product_id > MAX_BIGINT:
        raise NotFound("商品不存在或已下架")
    there = stock_facts.of_product(product_id)
    versions.look(there.versions)
    key = _PRODUCTS.key(_MADE_BY, settings.PUBLIC_BASE_URL, lead, product_id)
    page = _PRODUCTS.kept(key)
    seen = promotion_facts.shown(at=at, lead=lead)
    sign = (_sign(seen, at=at), there.sold_count >= catalog_facts.HOT_FROM_UNITS)

    def good(page: Page | None) -> bool:
        return _PRODUCTS.good(page, sign=sign, at=at)

    if page is None or not good(page):
        page = _PRODUCTS.made(key, lambda: _product(product_id, seen, sign, at=at, lead=lead), good=good)
    return page.filled([_filling(hole, there, at=at) for hole in page.holes])


def _looked(page: Page) -> dict[int, int]:
    """What is free of the SKUs on the page, and the tokens of the same moment for the rest of the request."""
    free, tokens = stock_facts.available_with_versions(_sku_ids(page))
    versions.look(tokens)
    return free


def _sku_ids(page: Page) -> list[int]:
    return [sku_id for hole in page.holes for sku_id in hole]


def _sign(seen: Sequence[promotion_facts.Shown], *, at: datetime) -> tuple[Any, ...]:
    """Which offers are shown, with their hours and, where that moves, what they take off; and activities' badges."""
    offers = tuple(
        (each.offer.ref, each.starts_at, each.ends_at, each.preheat, getattr(each.offer, "off_bp", None))
        for each in seen
    )
    return offers, activities.badge_sign(at=at)


def _list(
    listed: Listed, seen: Sequence[promotion_facts.Shown], sign: Any, *, at: datetime, lead: timedelta
) -> Page:
    making = Making()
    rows = showcase.listed(listed.products, seen, making, at=at)
    return making.page(
        {"results": rows, "next": listed.following, "matched": listed.matched.value},
        tokens=_LISTS.tokens(),
        sign=sign,
        at=at,
        until=min(at + LISTS_HOLD, catalog_facts.next_turn(at=at, early=lead)),
    )


def _product(
    product_id: int, seen: Sequence[promotion_facts.Shown], sign: Any, *, at: datetime, lead: timedelta
) -> Page:
    product = catalog_facts.product_page(product_id=product_id, at=at, early=lead)
    ends = [product.sale_ends_at] if product.sale_ends_at else []
    fresh_until = catalog_facts.new_until(product)
    ends += [fresh_until] if fresh_until > at else []
    begins = product.sale_starts_at
    # For whoever came early 新品 begins with the sale.
    ends += [begins] if begins is not None and begins > at else []
    making = Making()
    body = showcase.page_of(product, seen, making, at=at)
    return making.page(
        body, tokens=_PRODUCTS.tokens(), sign=sign, at=at, until=min([at + _PAGES_HOLD, *ends])
    )


def _filling(hole: Any, there: stock_facts.OfProduct, *, at: datetime) -> bytes:
    """What stands in a hole of a product's page: its sales, what is left of all its SKUs or of one, the time."""
    what, sku_ids = hole
    if what == "now":
        return b'"server_time":"%s"' % timezone.localtime(at).isoformat().encode()
    if what == "sold":
        return b'"sold_count":%d' % there.sold_count
    units = sum(there.free.get(sku_id, 0) for sku_id in sku_ids)
    return showcase.stock_json(units) if what == "units" else b'"available":%d' % units
