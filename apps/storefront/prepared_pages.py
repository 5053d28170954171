"""The list of goods and the page of a product as prepared bytes: what is in stock, and sold, is filled in at each request.

A page rests on the goods, on the promotions, and on which offers are shown at this moment (its sign: an offer whose limit is
used up, or whose step has passed, is gone at once). What depends on sales alone, the order of a list and 热卖 in it, may be
``LISTS_HOLD`` old; a product's own page is never.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings
from django.utils import timezone

from apps.base import prepared, versions
from apps.base.days import shop_day
from apps.base.inputs import MAX_BIGINT
from apps.base.planned import Planned
from apps.base.prepared import Making, Page, Pages
from apps.catalog import detail, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Product
from apps.checkout import activities
from apps.inventory import selectors as stock_facts
from apps.pictures import stored
from apps.promotions import selectors as promotion_facts
from apps.promotions import wearing, wording
from apps.promotions.wearing import Wear
from apps.storefront import showcase
from mall.errors import NotFound

LISTS_HOLD: Final = timedelta(seconds=10)
_PAGES_HOLD: Final = timedelta(hours=1)
_LISTS: Final = Pages("list", "goods", "promotions")
_PRODUCTS: Final = Pages("product", "goods", "promotions")
# By the lead of whoever looks: what the offers shown rest on, since when, they themselves, and their sign.
_scenes: dict[timedelta, tuple[Any, datetime, promotion_facts.Scene, Any]] = {}
# What stood in the holes of products' pages the last time: the page, sales and stock, and the pieces.
_fillings: dict[int, tuple[Page, Any, tuple[bytes | None, ...]]] = {}
# Pages of another release, which may look otherwise, are not ours.
_MADE_BY: Final = blake2b(
    "".join(
        inspect.getsource(module)
        for module in (
            showcase,
            prepared,
            catalog_facts,
            detail,
            stored,
            rules,
            promotion_facts,
            wearing,
            wording,
        )
    ).encode(),
    digest_size=8,
).hexdigest()


# What fills the holes, how far limits are used up, and the tokens, as of one moment.
_LIST: Final = Planned(
    f"SELECT {stock_facts.free_column('$1')}, {promotion_facts.tallies_column('$2', '$3')}, {versions.COLUMN}",
    "bigint[]",
    "bigint[]",
    "date",
)
_OF_PRODUCT: Final = stock_facts.free_column("SELECT id FROM catalog_sku WHERE product_id = $1")
_SOLD: Final = "(SELECT sold_count FROM catalog_product WHERE id = $1)"
_PRODUCT: Final = Planned(
    f"SELECT {_SOLD}, {_OF_PRODUCT}, {promotion_facts.tallies_column('$2', '$3')}, {versions.COLUMN}",
    "bigint",
    "bigint[]",
    "date",
)


class Listed(NamedTuple):
    """A page of ``catalog.shelf``: its products, the address of the next page, and how much of a search they have."""

    products: Sequence[Product]
    following: str | None
    matched: catalog_facts.Matched


@dataclass(slots=True)
class _List:
    """A page of goods, its SKUs as the database writes them, and the stock and the bytes that it was answered with last."""

    page: Page
    sku_ids: str
    last: tuple[str | None, bytes | None] = (None, None)


# Those of this process, by their names.
_lists: dict[str, _List] = {}


class Look(NamedTuple):
    """What the one statement said: free units as ``inventory.free_told`` reads them, sales, and how far offers have come.

    The tokens that it said are those by which the request goes (``versions.look``).
    """

    free: str | None
    sold_count: int
    told: promotion_facts.Told


class Found(NamedTuple):
    """A good page, filled; or None, and what the statement said, if one was made."""

    body: bytes | None
    look: Look | None


def list_name(asked: str, *, lead: timedelta) -> str:
    """The name of a page of goods; ``asked`` is all that it depends on beside its moment and the caller's lead."""
    return _LISTS.key(_MADE_BY, settings.PUBLIC_BASE_URL, lead, asked)


def product_name(product_id: int, *, lead: timedelta) -> str:
    """The name of a product's page."""
    return _PRODUCTS.key(_MADE_BY, settings.PUBLIC_BASE_URL, lead, product_id)


def has_list(name: str) -> bool:
    """Whether this process has the page of goods, good or not."""
    return _LISTS.near(name) is not None


def has_product(name: str) -> bool:
    """Whether this process has the product's page, good or not."""
    return _PRODUCTS.near(name) is not None


def kept_list(name: str, *, at: datetime, lead: timedelta) -> Found:
    """A page of goods as it was made last, here or elsewhere: one statement, none where there is no page."""
    page = _LISTS.kept(name)
    return Found(None, None) if page is None else _filled_list(name, page, at=at, lead=lead)


def kept_product(name: str, *, product_id: int, at: datetime, lead: timedelta) -> Found:
    """A product's page, likewise."""
    page = _PRODUCTS.kept(name)
    return Found(None, None) if page is None else _filled_product(page, product_id, at=at, lead=lead)


def list_json(
    *, asked: str, read: Callable[[], Listed], at: datetime, lead: timedelta, look: Look | None = None
) -> bytes:
    """One page of goods in the contract's form.

    ``read`` reads the products, where no good page is kept; whatever it raises is raised. ``look`` is what a request said
    that found no good one near. One statement for a kept page, at most three for one that is made.
    """
    name = list_name(asked, lead=lead)
    if look is None:
        body, look = kept_list(name, at=at, lead=lead)
        if body is not None:
            return body
    # Where a page was found neither here nor in Redis there is none to look for again.
    nowhere = look is None
    if look is None:
        look = _look_at_list(_array(()), at=at)
    scene, sign = _scene(look.told, at=at, lead=lead)
    page = _LISTS.made(
        name,
        lambda: _list(read(), scene.wear, sign, at=at, lead=lead),
        good=lambda page: _LISTS.good(page, sign=sign, at=at),
        looked=nowhere,
    )
    return _with_stock(page, stock_facts.available(_sku_ids(page)))


def product_json(*, product_id: int, at: datetime, lead: timedelta, look: Look | None = None) -> bytes:
    """A product's page in the contract's form. Raises NotFound where it is not on sale.

    One statement for a kept page, one more for one that is made. ``look`` as in list_json.
    """
    if product_id > MAX_BIGINT:
        raise NotFound("商品不存在或已下架")
    name = product_name(product_id, lead=lead)
    if look is None:
        body, look = kept_product(name, product_id=product_id, at=at, lead=lead)
        if body is not None:
            return body
    nowhere = look is None
    if look is None:
        look = _look_at_product(product_id, at=at)
    scene, sign = _scene(look.told, at=at, lead=lead)
    whole = (sign, _is_hot(look))
    page = _PRODUCTS.made(
        name,
        lambda: _product(product_id, scene.wear, whole, at=at, lead=lead),
        good=lambda page: _PRODUCTS.good(page, sign=whole, at=at),
        looked=nowhere,
    )
    return _answered(page, look, at=at)


def _filled_list(name: str, page: Page, *, at: datetime, lead: timedelta) -> Found:
    list_ = _lists.get(name)
    if list_ is None or list_.page is not page:
        if len(_lists) >= prepared.MOST_NEAR:
            _lists.clear()
        list_ = _lists[name] = _List(page, _array(_sku_ids(page)))
    look = _look_at_list(list_.sku_ids, at=at)
    _, sign = _scene(look.told, at=at, lead=lead)
    if not _LISTS.good(page, sign=sign, at=at):
        return Found(None, look)
    free, body = list_.last
    if body is None or free != look.free:
        body = _with_stock(page, stock_facts.free_told(look.free))
        list_.last = (look.free, body)
    return Found(body, look)


def _filled_product(page: Page, product_id: int, *, at: datetime, lead: timedelta) -> Found:
    look = _look_at_product(product_id, at=at)
    _, sign = _scene(look.told, at=at, lead=lead)
    if not _PRODUCTS.good(page, sign=(sign, _is_hot(look)), at=at):
        return Found(None, look)
    return Found(_answered(page, look, at=at), look)


def _look_at_list(sku_ids: str, *, at: datetime) -> Look:
    """One statement: what is free of these SKUs, how far offers have come, and the tokens, for the rest of the request."""
    ids, day = promotion_facts.bound(), shop_day(at)
    ((free, tallies, tokens),) = _LIST.rows(sku_ids, _array(ids), day)
    versions.look(tokens)
    return Look(free, 0, promotion_facts.Told(ids, day, tallies))


def _look_at_product(product_id: int, *, at: datetime) -> Look:
    """Likewise of a product's SKUs, and how many are sold."""
    ids, day = promotion_facts.bound(), shop_day(at)
    ((sold_count, free, tallies, tokens),) = _PRODUCT.rows(product_id, _array(ids), day)
    versions.look(tokens)
    return Look(free, sold_count or 0, promotion_facts.Told(ids, day, tallies))


def _array(ids: Iterable[int]) -> str:
    """A bigint[] as PostgreSQL reads it; to quote each of sixty numbers costs more than the statement."""
    return f"{{{','.join(map(str, ids))}}}"


def _is_hot(look: Look) -> bool:
    return look.sold_count >= catalog_facts.HOT_FROM_UNITS


def _with_stock(page: Page, free: Mapping[int, int]) -> bytes:
    return page.filled(
        showcase.stock_json(sum(free.get(sku_id, 0) for sku_id in hole)) for hole in page.holes
    )


def _sku_ids(page: Page) -> list[int]:
    return [sku_id for hole in page.holes for sku_id in hole]


def _scene(told: promotion_facts.Told, *, at: datetime, lead: timedelta) -> tuple[promotion_facts.Scene, Any]:
    """Which offers are shown, and a sign of them: with their hours and, where that moves, what they take off; and
    activities' badges. Kept while tokens, tallies and the clock say the same."""
    rests_on = (_LISTS.tokens(), told)
    kept = _scenes.get(lead)
    if kept is None or kept[0] != rests_on or not kept[1] <= at < kept[2].until:
        scene = promotion_facts.scene(at=at, lead=lead, told=told)
        offers = tuple(
            (each.offer.ref, each.starts_at, each.ends_at, each.preheat, getattr(each.offer, "off_bp", None))
            for each in scene.seen
        )
        # A page carries its sign into Redis and back: two hundred offers would be most of it.
        sign = blake2b(orjson.dumps(offers), digest_size=16).digest()
        kept = (rests_on, at, scene, sign)
        if promotion_facts.bound() == told.ids and None not in rests_on[0]:
            _scenes[lead] = kept
    return kept[2], (kept[3], activities.badge_sign(at=at))


def _list(listed: Listed, wear: Wear, sign: Any, *, at: datetime, lead: timedelta) -> Page:
    making = Making()
    rows = showcase.listed(listed.products, wear, making, at=at)
    return making.page(
        {"results": rows, "next": listed.following, "matched": listed.matched.value},
        tokens=_LISTS.tokens(),
        sign=sign,
        at=at,
        until=min(at + LISTS_HOLD, catalog_facts.next_turn(at=at, early=lead)),
    )


def _product(product_id: int, wear: Wear, sign: Any, *, at: datetime, lead: timedelta) -> Page:
    product = catalog_facts.product_page(product_id=product_id, at=at, early=lead)
    ends = [product.sale_ends_at] if product.sale_ends_at else []
    fresh_until = catalog_facts.new_until(product)
    ends += [fresh_until] if fresh_until > at else []
    begins = product.sale_starts_at
    # For whoever came early 新品 begins with the sale.
    ends += [begins] if begins is not None and begins > at else []
    making = Making()
    body = showcase.page_of(product, wear, making, at=at)
    return making.page(
        body, tokens=_PRODUCTS.tokens(), sign=sign, at=at, until=min([at + _PAGES_HOLD, *ends])
    )


def _answered(page: Page, look: Look, *, at: datetime) -> bytes:
    """A product's page with its sales, what is left of all its SKUs and of each, and the time."""
    said = (look.sold_count, look.free)
    known = _fillings.get(id(page))
    if known is None or known[0] is not page or known[1] != said:
        if len(_fillings) >= 2 * prepared.MOST_NEAR:
            _fillings.clear()
        known = _fillings[id(page)] = (page, said, tuple(_filling(hole, look) for hole in page.holes))
    now = b'"server_time":"%s"' % timezone.localtime(at).isoformat().encode()
    return page.filled(now if filling is None else filling for filling in known[2])


def _filling(hole: Any, look: Look) -> bytes | None:
    """What stands in a hole, None for the time."""
    what, sku_ids = hole
    if what == "now":
        return None
    if what == "sold":
        return b'"sold_count":%d' % look.sold_count
    free = stock_facts.free_told(look.free)
    units = sum(free.get(sku_id, 0) for sku_id in sku_ids)
    return showcase.stock_json(units) if what == "units" else b'"available":%d' % units
