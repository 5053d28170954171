"""What is measured, and how: statements counted, seconds as multiples of the machine's own work in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mall.pricing import engine
from tests.bench import goods
from tests.bench.shop import Shop

# A kept page asks who the shopper is, and what may have moved.
_KEPT: Final = 2
# What shoppers list, and how many statements a call may need once it is warm.
_LISTS: Final = (
    ("products, kept", "/products?", _KEPT),
    ("products found, kept", "/products?q=茶杯&", _KEPT),
    ("orders", "/orders?", 4),
)


@dataclass(frozen=True)
class Count:
    """SQL statements of one call, and how many it may need."""

    name: str
    statements: int
    budget: int

    @property
    def kept(self) -> bool:
        """Whether the call stays within its budget."""
        return self.statements <= self.budget


@dataclass(frozen=True)
class Pace:
    """Median milliseconds of one call, and the machine's own yardstick that it is held against."""

    name: str
    milliseconds: float
    yardstick: str
    yardstick_ms: float

    @property
    def share(self) -> float:
        """How many yardsticks one call costs."""
        return self.milliseconds / self.yardstick_ms


def counts(shop: Shop) -> list[Count]:
    """Count the statements of the calls that have a budget, with 10 rows in the lists and with 100.

    Every call is made once before it is counted, so that what is kept for everybody is kept: a shop that has just
    started reads that once more. "made" is a page that nobody has asked for since something in the shop changed.
    """
    payable_fen = shop.quote()["payable_fen"]
    shop.order(payable_fen)
    found = [
        Count("place an order of 2 lines", statements(lambda: shop.order(payable_fen)), 8),
        Count("quote 2 lines", statements(shop.quote), 5),
    ]
    for rows in (10, 100):
        for what, path, budget in _LISTS:
            page = partial(shop.get, f"{path}page_size={rows}")
            page()
            found.append(Count(f"list {rows} {what}", statements(page), budget))
        found.append(Count(f"list {rows} products, made", statements(partial(shop.unasked, rows)), 4))
        for _ in range(100 if rows == 10 else 0):
            shop.order(payable_fen)
    order_no = shop.get("/orders?page_size=1")["results"][0]["order_no"]
    kept, unasked = shop.product_ids()
    shop.get(f"/products/{kept}")
    shop.get(f"/orders/{order_no}")
    return [
        *found,
        *_of_groups(shop),
        Count("one product, kept", statements(lambda: shop.get(f"/products/{kept}")), _KEPT),
        Count("one product, made", statements(lambda: shop.get(f"/products/{unasked}")), 4),
        Count("one order", statements(lambda: shop.get(f"/orders/{order_no}")), 4),
    ]


def _of_groups(shop: Shop) -> list[Count]:
    """What is offered to several together, their groups, how one stands, and an order that opens one."""
    group_buy_id, group_no = shop.group_buy()
    shop.anyone(f"/groups/{group_no}")
    shop.order_in_group(group_buy_id)()
    return [
        Count("list group-buys", statements(lambda: shop.get("/group-buys")), 4),
        Count("list groups", statements(lambda: shop.get(f"/group-buys/{group_buy_id}/groups")), 4),
        Count("one group, kept", statements(lambda: shop.anyone(f"/groups/{group_no}")), 0),
        Count("place an order of a group", statements(shop.order_in_group(group_buy_id)), 30),
    ]


def paces(shop: Shop) -> list[Pace]:
    """Time calls in this process against this machine's own round trips, commits and arithmetic, taken beside them."""
    payable_fen = shop.quote()["payable_fen"]
    product = shop.skus[0].product_id
    basket, offers, coupons = goods.twenty_lines(), goods.two_hundred_offers(), goods.fifty_coupons()
    return [
        _pace("list 20 products", lambda: shop.get("/products"), "SELECT 1", _select_one),
        _pace("search 「茶杯」", lambda: shop.get("/products?q=茶杯"), "SELECT 1", _select_one),
        _pace("one product", lambda: shop.get(f"/products/{product}"), "SELECT 1", _select_one),
        _pace("quote of 2 lines", shop.quote, "SELECT 1", _select_one),
        _pace("place an order of 2 lines", lambda: shop.order(payable_fen), "INSERT and commit", _commit_one),
        _pace(
            "20 lines, 200 offers, 50 coupons",
            lambda: engine.quote(basket, offers, coupons=coupons),
            "10,000 additions",
            _add,
        ),
    ]


def crowded(shop: Shop) -> tuple[Count, Pace]:
    """The big quote: 20 lines, 200 promotions, 50 coupons. Last of all, for it fills the shop with offers."""
    shop.crowd()
    return (
        Count("quote 20 lines, 200 offers", statements(shop.big_quote), 12),
        _pace("quote 20 lines, 200 offers", shop.big_quote, "SELECT 1", _select_one),
    )


def statements(call: Callable[[], object]) -> int:
    """Return how many SQL statements a call makes, BEGIN and COMMIT not counted, savepoints counted."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in captured)


def _pace(name: str, call: Callable[[], object], yardstick: str, measure: Callable[[], object]) -> Pace:
    """Take turns, so that a noisy moment falls on both."""
    ours, theirs = [], []
    for _ in range(30):
        theirs.append(_took(measure))
        ours.append(_took(call))
    return Pace(name, statistics.median(ours), yardstick, statistics.median(theirs))


def _took(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchall()


def _commit_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO base_pulse (name, heard_at) VALUES (gen_random_uuid()::text, now())")


def _add() -> int:
    return sum(range(10_000))
