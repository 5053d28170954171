"""A list put together from kept cards is, byte for byte, the one that is made afresh, whatever changed in between."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base import versions
from apps.base.prepared import Making, Near, rendered
from apps.campaigns.models import SkuWindow
from apps.catalog import services as catalog
from apps.catalog import shelves
from apps.catalog.models import Category, Product, Sku
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.promotions import selectors as promotion_facts
from apps.promotions.models import Campaign, Promotion, Tally
from apps.storefront import lists, scenes, showcase
from apps.storefront.lists import Asked
from apps.stores.models import Place
from tests.apps.catalog import make as goods
from tests.apps.checkout import make
from tests.apps.flashsale import make as flash
from tests.apps.groupbuy import make as groups
from tests.apps.inventory import make as stock
from tests.apps.members import make as members
from tests.apps.promotions import make as promotions
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)
NO_LEAD, LEAD = timedelta(0), timedelta(minutes=30)
QUERIES = (
    {"ordering": "newest"},
    {"ordering": "price", "page_size": "5"},
    {"q": "茶杯"},
    {"price_from_fen": "1000"},
    {"page_size": "100"},
)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins as a process does, and ends as a request does."""
    forget(monkeypatch)
    yield
    versions.forget()


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process have kept no card, no list and no scene."""
    monkeypatch.setattr(lists, "_cards", Near(lists.MOST_CARDS))
    monkeypatch.setattr(lists, "_lists", Near(lists.MOST_LISTS))
    monkeypatch.setattr(scenes, "_scenes", {})


@pytest.fixture
def shop() -> list[Product]:
    """Goods of every sort: few left, none left, hot, cheap; with offers of all widths, activities, and early ones."""
    ware = goods.category("茶器")
    made = [
        goods.product(
            f"茶杯{number}",
            category=ware if number % 2 else None,
            brand=goods.brand(),
            price_fen=1000 * number,
            skus=[
                goods.unsaved_sku(
                    price_fen=1000 * number,
                    market_price_fen=1000 * number + 100,
                    option_values={"颜色": "白"},
                ),
                goods.unsaved_sku(price_fen=9900, option_values={"颜色": "青"}),
            ],
            options=[{"name": "颜色", "values": ["白", "青"]}],
        )
        for number in range(1, 7)
    ]
    made.append(goods.product("早鸟茶杯", sale_starts_at=NOW + timedelta(minutes=20)))
    for number, product in enumerate(made):
        first = product.skus.order_by("id")[0]
        if units := [0, 3, 10, 11, 200, 1][number % 6]:
            stock.stock(first, units)
    catalog.count_sold({made[0].pk: 299, made[1].pk: 300})
    hours = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR}
    promotions.promotion(**hours)
    promotions.promotion("PERCENT", off_bp=1500, brand_ids=[made[2].brand_id], **hours)
    promotions.promotion("FIXED", off_fen=100, category_ids=[ware.pk], limits={"total": 1}, **hours)
    promotions.promotion(
        "FIXED", off_fen=200, product_ids=[made[1].pk], starts_at=NOW + HOUR / 2, ends_at=NOW + HOUR
    )
    festival = Campaign.objects.create(
        name="茶具节", preheat_at=NOW - HOUR, starts_at=NOW + 2 * HOUR, ends_at=NOW + 3 * HOUR
    )
    promotions.promotion(
        "PERCENT", off_bp=500, starts_at=NOW + 2 * HOUR, ends_at=NOW + 3 * HOUR, campaign=festival
    )
    flash.session(make.goods(50_00), starts_at=NOW - HOUR, ends_at=NOW + HOUR, at=NOW - 2 * HOUR)
    flash.session(make.goods(60_00), starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR, at=NOW - 2 * HOUR)
    groups.campaign(make.goods(70_00), starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    Product.objects.update(created_at=NOW - HOUR)
    return made


def listed(query: dict[str, str], at: datetime, lead: timedelta) -> bytes:
    """The answer as a process gives it that was asked before; what the kept list itself says is the same."""
    asked = Asked("http://127.0.0.1/api/v1/products", urlencode(query), query)
    versions.forget()
    answer = lists.list_json(asked, at=at, lead=lead)
    versions.forget()
    assert head_of(lists.list_json(asked, at=at, lead=lead)) == head_of(answer)
    return answer


def whole(query: dict[str, str], at: datetime, lead: timedelta) -> bytes:
    """The rows of the answer as they are put together whole, without cards: what lists were before there were any."""
    versions.forget()
    shelf = shelves.shelf(
        at=at,
        query=query.get("q", ""),
        ordering=query.get("ordering"),
        price_from_fen=int(query.get("price_from_fen", 0)),
        early=lead,
    )
    ids = [row.pk for row in shelf.products().order_by(*shelf.ordering)[: int(query.get("page_size", 20))]]
    rows = shelves.listed(ids)
    making = Making()
    wear = promotion_facts.scene(at=at, lead=lead).wear
    cut = making.cut({"results": showcase.listed([rows[pk] for pk in ids], wear, making, at=at), "next": 0})
    free = stock_facts.available([sku_id for hole in cut.holes for sku_id in hole])
    return cut.filled(showcase.stock_json(sum(free[sku_id] for sku_id in hole)) for hole in cut.holes)


def head_of(answer: bytes) -> bytes:
    """The answer up to the next page's address, whose signature is of its moment."""
    return answer.rpartition(b',"next":')[0]


def check(monkeypatch: pytest.MonkeyPatch, *, at: datetime = NOW) -> list[bytes]:
    """Every list is as one made of nothing kept, and as one put together whole. Returns them."""
    told = []
    for lead in (NO_LEAD, LEAD):
        for query in QUERIES:
            monkeypatch.setattr(lists, "_lists", Near(lists.MOST_LISTS))
            kept = listed(query, at, lead)
            with monkeypatch.context() as afresh:
                forget(afresh)
                assert head_of(listed(query, at, lead)) == head_of(kept)
            assert head_of(whole(query, at, lead)) == head_of(kept)
            told.append(head_of(kept))
    return told


def _edit(product: Product, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(product, name, value)
    catalog.save_product(product=product, skus=list(product.skus.all()))


CHANGES: dict[str, Callable[[list[Product]], object]] = {
    "a title": lambda shop: _edit(shop[0], title="茶杯改"),
    "a title by a shell": lambda shop: Product.objects.filter(pk=shop[1].pk).update(title="茶杯壳"),
    "a picture": lambda shop: _edit(shop[3], cover="products/other.png"),
    "a price": lambda shop: (
        Sku.objects.filter(product=shop[2]).update(price_fen=1)
        and Product.objects.filter(pk=shop[2].pk).update(price_fen=1)
    ),
    "off sale": lambda shop: _edit(shop[4], on_sale=False),
    "a brand": lambda shop: _edit(shop[0], brand=shop[2].brand),
    "another category": lambda shop: _edit(shop[0], category=shop[1].category),
    "a category moved": lambda shop: _move(shop[1].category, below=shop[0].category),
    "a category renamed": lambda shop: Category.objects.filter(pk=shop[1].category_id).update(name="茶具"),
    "a SKU disabled": lambda shop: shop[2].skus.exclude(price_fen=9900).update(enabled=False),
    "the last unit": lambda shop: Stock.objects.update(on_hand=0),
    "a place closed": lambda shop: Place.objects.update(ships=False),
    "a bestseller": lambda shop: catalog.count_sold({shop[0].pk: 1}),
    "no bestseller any more": lambda shop: catalog.count_sold({shop[1].pk: -1}),
    "an offer's limit": lambda shop: Tally.objects.create(
        promotion=Promotion.objects.get(limit_total=1), uses=1
    ),
    "an offer's end": lambda shop: Promotion.objects.filter(kind="STEPPED").update(ends_at=NOW + HOUR / 4),
    "an offer switched off": lambda shop: Promotion.objects.filter(kind="PERCENT").update(enabled=False),
    "an offer more": lambda shop: promotions.promotion(
        "FIXED", off_fen=300, sku_ids=[shop[3].skus.order_by("id")[1].pk], starts_at=NOW, ends_at=NOW + HOUR
    ),
    "a flash sale paused": lambda shop: SkuWindow.objects.filter(kind="flash_sale").update(paused=True),
    "a product more": lambda shop: make.goods(1234),
    "a rolled back one": lambda shop: _rolled_back(shop[0]),
}


def _move(category: Category, *, below: Category) -> None:
    category.parent = below
    catalog.save_category(category=category)


def _rolled_back(product: Product) -> None:
    from django.db import transaction

    with transaction.atomic():
        Product.objects.filter(pk=product.pk).update(title="never")
        versions.forget()
        listed({}, NOW, NO_LEAD)
        transaction.set_rollback(True)


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_list_is_as_made_afresh(
    shop: list[Product], monkeypatch: pytest.MonkeyPatch, change: str
):
    before = check(monkeypatch)
    assert check(monkeypatch) == before
    CHANGES[change](shop)
    after = check(monkeypatch)
    assert (after == before) == (change in {"a rolled back one", "a category renamed"})


def test_the_clock_turns_cards_as_it_turns_lists_made_afresh(
    shop: list[Product], monkeypatch: pytest.MonkeyPatch
):
    created = NOW - timedelta(days=14) + timedelta(minutes=45)
    Product.objects.filter(pk=shop[3].pk).update(created_at=created)  # 新品 until then
    # A sale begins at 20, an offer at 30, 新品 ends at 45, offers and a flash sale end at 60, when another begins. What
    # begins at 120 is seen at 90 by whoever comes early.
    minutes = (0, 1, 19, 20, 21, 29, 30, 31, 44, 45, 46, 59, 60, 61, 89, 90, 119, 120, 180)
    told = [check(monkeypatch, at=NOW + timedelta(minutes=minute)) for minute in minutes]
    turns = [
        minute for minute, before, after in zip(minutes[1:], told, told[1:], strict=False) if before != after
    ]
    assert turns == [20, 30, 45, 60, 90, 120, 180]
    # Back again, as threads that began in another order go: nothing is taken from the future.
    for minute, lists_then in zip(reversed(minutes), reversed(told), strict=True):
        assert check(monkeypatch, at=NOW + timedelta(minutes=minute)) == lists_then


def test_cards_at_hand_cost_one_statement_new_ones_two_and_kept_lists_one(shop: list[Product]):
    def statements(query: dict[str, str], lead: timedelta = NO_LEAD) -> int:
        asked = Asked("http://127.0.0.1/api/v1/products", urlencode(query), query)
        versions.forget()
        with CaptureQueriesContext(connection) as seen:
            lists.list_json(asked, at=NOW, lead=lead)
        return len(seen)

    statements({"page_size": "1", "ordering": "newest"})  # what offers and sales rest on is kept from now on
    assert statements({}) == 2
    assert statements({}) == 1
    for query in ({"ordering": "price"}, {"page_size": "3"}, {"q": "茶杯"}, {"nobody_asked": "1"}):
        assert statements(query) == 1
    assert statements({"q": "白色的茶杯"}) == 2  # whether anything has all of it, and what has most
    assert statements({}, LEAD) == 2
    assert statements({"ordering": "price"}, LEAD) == 1
    _edit(shop[0], title="茶杯改")
    statements({"page_size": "1"})
    assert statements({"ordering": "price"}) == 3  # the kept one was good no more
    assert statements({"ordering": "-price"}) == 1


def test_only_what_is_missing_is_made(shop: list[Product], monkeypatch: pytest.MonkeyPatch):
    asked: list[set[int]] = []
    monkeypatch.setattr(
        shelves, "listed", lambda ids, read=shelves.listed: asked.append(set(ids)) or read(ids)
    )
    dear = {"ordering": "-price", "page_size": "3"}
    listed(dear, NOW, NO_LEAD)
    listed({"page_size": "100"}, NOW, NO_LEAD)
    catalog.count_sold({shop[0].pk: 1})  # one that becomes a bestseller, and is another card by that
    listed({"page_size": "99"}, NOW, NO_LEAD)
    everything = {*Product.objects.values_list("pk", flat=True)} - {shop[6].pk}
    assert asked == [asked[0], everything - asked[0], {shop[0].pk}]
    assert len(asked[0]) == 3


def test_a_product_that_is_deleted_in_between_is_left_out(
    shop: list[Product], monkeypatch: pytest.MonkeyPatch
):
    gone = shop[2].pk
    monkeypatch.setattr(
        shelves,
        "listed",
        lambda ids, read=shelves.listed: {pk: row for pk, row in read(ids).items() if pk != gone},
    )
    answer = listed({}, NOW, NO_LEAD)
    assert f'"id":{gone},'.encode() not in answer
    assert f'"id":{shop[1].pk},'.encode() in answer


def test_so_many_cards_are_kept_and_no_more_bytes_than_a_worker_may_spend(shop: list[Product]):
    listed({}, NOW, NO_LEAD)
    cards = [*lists._cards._near.values()]
    assert cards
    near: Near[int, Any] = Near(lists.MOST_CARDS)
    for number in range(5 * lists.MOST_CARDS):
        near.put(number, cards[0])
    assert len(near._near) + len(near._before) <= 2 * lists.MOST_CARDS
    # Of a product that wears a few offers; its scene's basis and the moments are shared by all.
    size = max(
        sys.getsizeof(card) + sum(map(sys.getsizeof, (card.head, card.tail, card.sku_ids, *card.sku_ids)))
        for card in cards
    )
    assert size < 2_000


def test_threads_share_what_is_kept():
    near: Near[int, int] = Near(50)

    def work(seed: int) -> int:
        wrong = 0
        for turn in range(20_000):
            number = (seed * 7919 + turn * 31) % 400
            found = near.get(number)
            wrong += found not in {None, number * number}
            near.put(number, number * number)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
    assert len(near._near) + len(near._before) <= 2 * 50 + 8


def test_a_text_with_signs_of_its_own_is_written_as_ever(
    shop: list[Product], monkeypatch: pytest.MonkeyPatch
):
    for product, title in zip(
        shop, ('"},{"', "\\u0000 \\", "</script>", "}]", "\u2028🍵", ',"sold_count":'), strict=False
    ):
        Product.objects.filter(pk=product.pk).update(title=title, subtitle=title)
    check(monkeypatch)
    assert rendered(shop[0].title)  # is what both go through


def test_members_who_come_early_have_cards_of_their_own(shop: list[Product], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    early, late = (
        Shopper(members.access_token(members.member(level=members.level(f"级{rank}", rank=rank, **columns))))
        for rank, columns in ((1, {"early_access_minutes": 30}), (2, {}))
    )
    for _ in range(2):
        for ordering in ("newest", "price"):
            titles = [
                [row["title"] for row in who.call("GET", f"/products?ordering={ordering}").json()["results"]]
                for who in (early, late)
            ]
            assert ["早鸟茶杯" in each for each in titles] == [True, False]
