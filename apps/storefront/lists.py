"""Pages of goods, put together from cards: each product as lists show it is made once a scene, and kept as bytes.

One statement finds which products are on the page, in which order, what is left of them and how far offers have come; the
cards are at hand, or made by one more for those that are not. The page is kept as well, for the next who asks for the
same. What depends on sales alone, the order of a page and 热卖 on it, may be ``LISTS_HOLD`` old there; all else is as
the statement of each request says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

from apps.base import paging, planned, prepared, replica
from apps.base.planned import Planned
from apps.base.prepared import Near
from apps.catalog import selectors as catalog_facts
from apps.catalog import shelves
from apps.catalog.shelves import Finding, Listed
from apps.inventory import selectors as stock_facts
from apps.promotions.selectors import Told
from apps.storefront import asking, scenes, showcase
from apps.storefront.scenes import Scene

LISTS_HOLD: Final = timedelta(seconds=10)
# So many of each lie in a process, and those of as many before that were asked for again. A card with what hangs on it
# takes two kilobytes, a page with the bytes of its last answer sixteen.
MOST_CARDS: Final = 500
MOST_LISTS: Final = 160
_NEVER, _EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

# What is free of the SKUs of a kept page, how far limits are used up, and the tokens, as of one moment.
_LOOK: Final = Planned(
    f"SELECT {', '.join([stock_facts.free_column('$1'), *scenes.columns('$2', '$3')])}",
    "bigint[]",
    "bigint[]",
    "date",
)


class Asked(NamedTuple):
    """A question for goods: the list's whole address, what stands behind its question mark, and that by name."""

    here: str
    text: str
    query: Mapping[str, str]


class Card(NamedTuple):
    """A product's object in a list, in two pieces: what is sold and what is in stock stands between them.

    It is good in the scene whose ``basis`` it has, for as many sold as make it 热卖 or not, from ``since`` and before
    ``until``, when 新品 comes or goes.
    """

    head: bytes
    tail: bytes
    sku_ids: tuple[int, ...]
    basis: Any
    is_hot: bool
    since: datetime
    until: datetime


@dataclass(slots=True, eq=False)
class _List:
    """A page of goods, and the stock and the bytes that it was answered with last."""

    cards: Sequence[Card]
    sold: Sequence[int]
    ending: bytes
    basis: Any
    made_at: datetime
    until: datetime
    sku_ids: str = ""
    last: tuple[str | None, bytes | None] = (None, None)

    def filled(self, free: Mapping[int, int]) -> bytes:
        """The answer, with these units free."""
        woven = [b'{"results":[']
        for card, sold in zip(self.cards, self.sold, strict=True):
            units = sum([free.get(sku_id, 0) for sku_id in card.sku_ids])
            woven += [card.head, b"%d," % sold, showcase.stock_json(units), card.tail, b","]
        if self.cards:
            woven.pop()
        return b"".join([*woven, self.ending])


class _Found(NamedTuple):
    """What the one statement said of a page to be made: its rows, as the finding's columns have them, and one more if
    there is one behind them; what is free of their SKUs; how far offers have come."""

    rows: Sequence[tuple[int, ...]]
    free: Mapping[int, int]
    told: Told


# By lead too, so that those who come early and all others do not take each other's places.
_cards: Final[Near[tuple[timedelta, int], Card]] = Near(MOST_CARDS)
_lists: Final[Near[bytes, _List]] = Near(MOST_LISTS)


def list_json(asked: Asked, *, at: datetime, lead: timedelta) -> bytes:
    """The page of goods that is asked for, in the contract's form; raises whatever makes the question none.

    One statement where the page is kept, or all its cards are; at most one more for the cards, one where the kept page was
    good no more, and those of a search.
    """
    # All that a page depends on, beside its moment; as long as others, however long the question is.
    told = f"{lead} {asked.here}?{asked.text}".encode("utf-8", "surrogatepass")
    name = blake2b(told, digest_size=16).digest()
    kept = _lists.get(name)
    if kept is not None and kept.made_at <= at < kept.until and (body := _kept(kept, at=at, lead=lead)):
        return body
    page, free = replica.from_primary(lambda: _made(asked, at=at, lead=lead))
    _lists.put(name, page)
    return page.filled(free)


def _kept(page: _List, *, at: datetime, lead: timedelta) -> bytes | None:
    """The page with what is in stock now, if it is good; the last answer, if that is the same. One statement."""
    if not page.sku_ids:
        page.sku_ids = planned.array([sku_id for card in page.cards for sku_id in card.sku_ids])
    question = scenes.question(at=at)
    ((free, tallies, tokens),) = _LOOK.rows(page.sku_ids, *question.values)
    if page.basis != scenes.scene(question.told(tallies, tokens), at=at, lead=lead).basis:
        return None
    told, body = page.last
    if body is None or told != free:
        body = page.filled(stock_facts.free_told(free))
        page.last = (free, body)
    return body


def _made(asked: Asked, *, at: datetime, lead: timedelta) -> tuple[_List, Mapping[int, int]]:
    """The page, and what is free of its SKUs."""
    wanted = asking.wanted(asked.query, at=at, lead=lead)
    shelf, (size, after) = wanted.shelf, wanted.page
    found = _found(shelf.finding(size=size + 1, after=after), at=at)
    if wanted.category_id is not None and not found.rows:
        # Only an empty page leaves the question whether there is such a category.
        catalog_facts.require_category(wanted.category_id)
    scene = scenes.scene(found.told, at=at, lead=lead)
    rows = found.rows[:size]
    cards = _cards_of({row[0]: row[1] for row in rows}, scene, at=at, lead=lead)
    following = None
    if len(found.rows) > size:
        last = dict(zip(shelf.columns, rows[-1], strict=True))
        place = [last[name.removeprefix("-")] for name in shelf.ordering]
        following = paging.next_url(asked.here, asked.query, shelf.ordering, place)
    page = _List(
        cards=[cards[row[0]] for row in rows if row[0] in cards],
        sold=[row[1] for row in rows if row[0] in cards],
        ending=b"]," + prepared.rendered({"next": following, "matched": shelf.matched.value})[1:],
        basis=scene.basis,
        made_at=at,
        until=min(at + LISTS_HOLD, catalog_facts.next_turn(at=at, early=lead)),
    )
    return page, found.free


def _found(finding: Finding, *, at: datetime) -> _Found:
    """One statement: the products that are found, what is free of their SKUs, how far offers have come, and the tokens."""
    question = scenes.question(at=at)
    values = [*finding.values, *question.values]
    if finding.fixed:
        ((columns, free, tallies, tokens),) = planned.rows(_fixed_text(finding.text, finding.columns), values)
    else:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_text(finding.text, finding.columns), values)
            columns, free, tallies, tokens = cursor.fetchone()
    rows = (
        zip(*(map(int, column.split(",")) for column in columns[1:-1].split("}{")), strict=True)
        if columns
        else ()
    )
    return _Found(list(rows), stock_facts.free_told(free), question.told(tallies, tokens))


def _text(found: str, columns: Sequence[str]) -> str:
    """The statement around a finding. Its rows come as one text: an array for each column, in the finding's order."""
    # As arrays: for a join the server would rather read two whole tables, as long as they are small.
    free = stock_facts.free_column(
        "ARRAY(SELECT id FROM catalog_sku WHERE enabled AND product_id = ANY(ARRAY(SELECT id FROM found)))"
    )
    told = ", ".join(scenes.columns("%s::bigint[]", "%s::date"))
    arrays = " || ".join(f"array_agg({name})::text" for name in columns)
    return f"""
        WITH found ({", ".join(columns)}) AS MATERIALIZED ({found})
        SELECT (SELECT {arrays} FROM found), {free}, {told}
    """  # noqa: S608 -- texts of our own


_fixed_text: Final = lru_cache(maxsize=128)(_text)


def _cards_of(sold: Mapping[int, int], scene: Scene, *, at: datetime, lead: timedelta) -> dict[int, Card]:
    """The cards of products by their ids, with how many of each are sold: one statement if any is not at hand, else none.

    A product that was deleted in between has none.
    """
    cards = {}
    for product_id, units in sold.items():
        card = _cards.get((lead, product_id))
        if card is not None and _good(card, scene, units, at=at):
            cards[product_id] = card
    missing = [product_id for product_id in sold if product_id not in cards]
    if missing:
        rows = shelves.listed(missing)
        told = [row._replace(sold_count=sold[product_id]) for product_id, row in rows.items()]
        for card_of, card in zip(told, _new_cards(told, scene, at=at), strict=True):
            cards[card_of.pk] = card
            _cards.put((lead, card_of.pk), card)
    return cards


def _good(card: Card, scene: Scene, units: int, *, at: datetime) -> bool:
    return (
        card.basis == scene.basis
        and card.since <= at < card.until
        and card.is_hot == (units >= catalog_facts.HOT_FROM_UNITS)
    )


def _new_cards(products: Sequence[Listed], scene: Scene, *, at: datetime) -> list[Card]:
    made = []
    for product, (item, worn) in zip(products, showcase.shown(products, scene.wear, at=at), strict=True):
        new_until = catalog_facts.new_until(product)
        turns = [_NEVER, new_until - catalog_facts.NEW_FOR, new_until, _EVER]
        since, until = next((since, until) for since, until in pairwise(turns) if since <= at < until)
        made.append(
            Card(
                head=prepared.rendered(item)[:-1] + b',"sold_count":',
                tail=b"," + prepared.rendered(worn)[1:],
                sku_ids=tuple(product.sku_ids),
                basis=scene.basis,
                is_hot=product.sold_count >= catalog_facts.HOT_FROM_UNITS,
                since=since,
                until=until,
            )
        )
    return made
