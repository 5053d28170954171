"""Stock under real threads on PostgreSQL: nothing sold twice, nothing refused in vain, nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import transaction

from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Stock
from tests.apps.inventory.make import NOW, place, sku, stock
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def hold(number: int, demand: dict[int, int]) -> Callable[[], object]:
    return lambda: inventory.hold(order_no=f"SO{number}", demand=demand, at=NOW)


def figures(row: Stock) -> tuple[int, int]:
    row.refresh_from_db()
    return row.on_hand, row.held


def test_thirty_buyers_of_ten_units_get_ten():
    cup = sku()
    row = stock(cup, 10)
    assert at_once(hold(number, {cup.pk: 1}) for number in range(30)) == {"done": 10, "OutOfStock": 20}
    assert figures(row) == (10, 10)
    assert stock_facts.unbalanced() == []


def test_without_lock_and_guard_twenty_buyers_are_promised_the_same_ten_units():
    row = stock(sku(), 10)
    everyone_has_looked = threading.Barrier(20)

    def look_then_take() -> None:
        seen = Stock.objects.get(pk=row.pk)
        everyone_has_looked.wait()
        assert seen.on_hand - seen.held >= 1
        Stock.objects.filter(pk=row.pk).update(held=seen.held + 1)

    assert at_once([look_then_take] * 20) == {"done": 20}
    assert figures(row) == (10, 1)


def test_units_in_three_places_are_all_sold_and_none_twice():
    cup = sku()
    rows = [stock(cup, 5, at_place=place(f"仓{number}", priority=number)) for number in range(3)]
    assert at_once(hold(number, {cup.pk: 2}) for number in range(10)) == {"done": 7, "OutOfStock": 3}
    assert sum(figures(row)[1] for row in rows) == 14
    assert stock_facts.available([cup.pk]) == {cup.pk: 1}


def test_orders_that_name_the_same_skus_in_opposite_order_do_not_lock_each_other_out():
    cups = [sku(), sku()]
    first, second = (cup.pk for cup in cups)
    for cup in cups:
        stock(cup, 1000, at_place=place("东仓", priority=1))
        stock(cup, 1000, at_place=place("西仓", priority=0))
    orders = [
        hold(number, {first: 600, second: 1} if number % 2 else {second: 600, first: 1})
        for number in range(20)
    ]
    assert at_once(orders) == {"done": 6, "OutOfStock": 14}
    calls = [
        (lambda no=number: inventory.release(order_no=f"SO{no}", at=NOW))
        if number < 20
        else hold(number, {second: 1, first: 1})
        for number in range(40)
    ]
    assert at_once(calls) == {"done": 40}
    assert stock_facts.available([first, second]) == {first: 1980, second: 1980}
    assert stock_facts.unbalanced() == []


def test_an_adjustment_and_buyers_never_promise_units_that_are_not_there():
    cup = sku()
    row = stock(cup, 10)

    def count_five_fewer() -> None:
        inventory.adjust(
            sku_id=cup.pk,
            place_id=row.place_id,
            change=-5,
            business_key="count:1",
            reason="盘点",
            operator=None,
            at=NOW,
        )

    ends = at_once([*(hold(number, {cup.pk: 1}) for number in range(12)), count_five_fewer])
    assert ends["done"] + ends["OutOfStock"] + ends["BelowHeld"] == 13
    on_hand, held = figures(row)
    assert (on_hand, held) == ((10, 10) if ends["BelowHeld"] else (5, 5))
    assert stock_facts.unbalanced() == []


@pytest.mark.parametrize(
    ("verb", "left"), [("release", (10, 0)), ("commit", (7, 0)), ("hold", (10, 3)), ("restore", (10, 0))]
)
def test_the_same_call_eight_times_at_once_counts_once(verb: str, left: tuple[int, int]):
    cup = sku()
    row = stock(cup, 10)
    with transaction.atomic():
        if verb != "hold":
            hold(1, {cup.pk: 3})()
        if verb == "restore":
            inventory.commit(order_no="SO1", at=NOW)
    same: dict[str, Callable[[], object]] = {
        "hold": hold(1, {cup.pk: 3}),
        "commit": lambda: inventory.commit(order_no="SO1", at=NOW),
        "release": lambda: inventory.release(order_no="SO1", at=NOW),
        "restore": lambda: inventory.restore(order_no="SO1", quantities={cup.pk: 3}, cause="RF1", at=NOW),
    }
    assert at_once([same[verb]] * 8) == {"done": 8}
    assert figures(row) == left
    assert stock_facts.unbalanced() == []


def test_closing_and_paying_at_once_ends_one_way_and_never_both():
    cup = sku()
    row = stock(cup, 10)
    with transaction.atomic():
        hold(1, {cup.pk: 3})()
    ends = at_once(
        [
            *[lambda: inventory.commit(order_no="SO1", at=NOW)] * 4,
            *[lambda: inventory.release(order_no="SO1", at=NOW)] * 4,
        ]
    )
    assert ends in ({"done": 4, "StockGone": 4}, {"done": 4, "InventoryConflict": 4})
    assert figures(row) == ((10, 0) if ends["StockGone"] else (7, 0))


def test_two_first_deliveries_at_once_both_arrive():
    cup, here = sku(), place()

    def receive(number: int) -> Callable[[], object]:
        return lambda: inventory.receive(
            sku_id=cup.pk,
            place_id=here.pk,
            quantity=1,
            business_key=f"delivery:{number}",
            reason="到货",
            operator=None,
            at=NOW,
        )

    assert at_once(receive(number) for number in range(8)) == {"done": 8}
    assert stock_facts.available([cup.pk]) == {cup.pk: 8}
