"""What happens to stock when an order is placed, paid, closed and refunded."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.base.transactions import NoTransaction
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock, StockEntry
from apps.inventory.services import booking
from apps.inventory.services.booking import Cause, Change
from apps.inventory.states import EntryKind
from tests.apps.inventory.make import NOW, place, sku, stock

pytestmark = pytest.mark.django_db


def figures(row: Stock) -> tuple[int, int]:
    row.refresh_from_db()
    return row.on_hand, row.held


def hold(order_no: str, demand: dict[int, int]) -> None:
    inventory.hold(order_no=order_no, demand=demand, at=NOW)


def restore(order_no: str, quantities: dict[int, int] | None = None, cause: str = "") -> None:
    inventory.restore(order_no=order_no, quantities=quantities, cause=cause, at=NOW)


def test_placing_holds_paying_takes_away_and_a_refund_brings_back():
    cup = sku()
    row = stock(cup, 10)
    hold("SO1", {cup.pk: 3})
    assert figures(row) == (10, 3)
    inventory.commit(order_no="SO1", at=NOW)
    assert figures(row) == (7, 0)
    restore("SO1")
    assert figures(row) == (10, 0)
    assert list(StockEntry.objects.order_by("id").values_list("kind", "on_hand_change", "held_change")) == [
        ("RECEIVE", 10, 0),
        ("HOLD", 0, 3),
        ("COMMIT", -3, -3),
        ("RESTORE", 3, 0),
    ]


def test_closing_an_unpaid_order_gives_back_what_it_held():
    cup = sku()
    row = stock(cup, 10)
    hold("SO1", {cup.pk: 3})
    inventory.release(order_no="SO1", at=NOW)
    assert figures(row) == (10, 0)


def test_every_verb_changes_nothing_the_second_time():
    cup, pot = sku(), sku()
    row, other = stock(cup, 10), stock(pot, 10)
    for _ in range(2):
        hold("SO1", {cup.pk: 3})
    assert figures(row) == (10, 3)
    for _ in range(2):
        inventory.commit(order_no="SO1", at=NOW)
    assert figures(row) == (7, 0)
    hold("SO1", {cup.pk: 3})
    assert figures(row) == (7, 0)
    for _ in range(2):
        restore("SO1")
    assert figures(row) == (10, 0)
    hold("SO2", {pot.pk: 4})
    for _ in range(2):
        inventory.release(order_no="SO2", at=NOW)
    assert figures(other) == (10, 0)


def test_when_one_of_two_skus_is_short_nothing_is_held_and_both_figures_are_told():
    cup, pot, tray = sku(), sku(), sku()
    rows = [stock(cup, 10), stock(pot, 2)]
    with pytest.raises(inventory.OutOfStock) as refused:
        hold("SO1", {cup.pk: 3, pot.pk: 5, tray.pk: 1})
    assert refused.value.details == {
        "sku_id": pot.pk,
        "available": 2,
        "items": [{"sku_id": pot.pk, "available": 2}, {"sku_id": tray.pk, "available": 0}],
    }
    assert [figures(row) for row in rows] == [(10, 0), (2, 0)]
    assert not Hold.objects.exists()


def test_the_last_unit_can_be_bought_and_one_more_cannot():
    cup = sku()
    stock(cup, 1)
    hold("SO1", {cup.pk: 1})
    with pytest.raises(inventory.OutOfStock) as refused:
        hold("SO2", {cup.pk: 1})
    assert refused.value.details["available"] == 0


def test_an_absurd_quantity_is_out_of_stock_like_any_other():
    cup = sku()
    stock(cup, 1)
    with pytest.raises(inventory.OutOfStock):
        hold("SO1", {cup.pk: 10**30})


def test_units_are_taken_from_the_first_place_that_has_them_all():
    cup = sku()
    near = stock(cup, 2, at_place=place("近仓", priority=1))
    far = stock(cup, 9, at_place=place("远仓", priority=2))
    hold("SO1", {cup.pk: 3})
    assert (figures(near), figures(far)) == ((2, 0), (9, 3))
    hold("SO2", {cup.pk: 2})
    assert (figures(near), figures(far)) == ((2, 2), (9, 3))


def test_units_that_no_place_has_alone_come_from_several():
    cup = sku()
    near = stock(cup, 2, at_place=place("近仓", priority=1))
    far = stock(cup, 9, at_place=place("远仓", priority=2))
    hold("SO1", {cup.pk: 11})
    assert (figures(near), figures(far)) == ((2, 2), (9, 9))
    inventory.commit(order_no="SO1", at=NOW)
    restore("SO1")
    assert (figures(near), figures(far)) == ((2, 0), (9, 0))


def test_a_place_that_does_not_ship_neither_counts_nor_gives():
    cup = sku()
    stock(cup, 5, at_place=place("展厅", ships=False))
    assert stock_facts.available([cup.pk]) == {cup.pk: 0}
    with pytest.raises(inventory.OutOfStock):
        hold("SO1", {cup.pk: 1})


def test_a_payment_after_the_units_were_released_finds_the_stock_gone():
    cup = sku()
    row = stock(cup, 10)
    hold("SO1", {cup.pk: 3})
    inventory.release(order_no="SO1", at=NOW)
    with pytest.raises(inventory.StockGone):
        inventory.commit(order_no="SO1", at=NOW)
    with pytest.raises(inventory.StockGone):
        inventory.commit(order_no="SO-NEVER", at=NOW)
    assert figures(row) == (10, 0)


def test_paid_units_cannot_be_released_and_unpaid_ones_cannot_be_restored():
    cup = sku()
    row = stock(cup, 10)
    hold("SO1", {cup.pk: 3})
    with pytest.raises(inventory.InventoryConflict):
        restore("SO1")
    inventory.commit(order_no="SO1", at=NOW)
    with pytest.raises(inventory.InventoryConflict):
        inventory.release(order_no="SO1", at=NOW)
    assert figures(row) == (7, 0)


def test_a_closed_order_cannot_hold_again_and_a_held_one_cannot_change_its_demand():
    cup = sku()
    stock(cup, 10)
    hold("SO1", {cup.pk: 3})
    with pytest.raises(inventory.InventoryConflict):
        hold("SO1", {cup.pk: 4})
    inventory.release(order_no="SO1", at=NOW)
    with pytest.raises(inventory.InventoryConflict):
        hold("SO1", {cup.pk: 3})


def test_an_order_without_holds_has_nothing_to_give_back():
    inventory.release(order_no="SO-NEVER", at=NOW)
    restore("SO-NEVER")
    assert not StockEntry.objects.exists()


def test_a_part_comes_back_once_per_refund_and_never_more_than_was_taken():
    cup = sku()
    row = stock(cup, 10)
    hold("SO1", {cup.pk: 5})
    inventory.commit(order_no="SO1", at=NOW)
    for _ in range(2):
        restore("SO1", {cup.pk: 2}, cause="RF1")
    assert figures(row) == (7, 0)
    with pytest.raises(inventory.InventoryConflict) as refused:
        restore("SO1", {cup.pk: 4}, cause="RF2")
    assert refused.value.details == {"beyond": {cup.pk: 1}}
    restore("SO1", {cup.pk: 1}, cause="RF3")
    restore("SO1")
    assert figures(row) == (10, 0)
    with pytest.raises(inventory.InventoryConflict):
        restore("SO1", {cup.pk: 1}, cause="RF4")


def test_a_part_without_a_cause_and_a_demand_of_nothing_are_mistakes_of_the_program():
    cup = sku()
    stock(cup, 10)
    with pytest.raises(ValueError, match="cause"):
        restore("SO1", {cup.pk: 1})
    for nothing in ({}, {cup.pk: 0}, {cup.pk: -1}):
        with pytest.raises(ValueError, match="at least one unit"):
            hold("SO1", nothing)


def test_an_order_of_two_skus_holds_in_two_statements_and_ends_in_one():
    cup, pot = sku(), sku()
    stock(cup, 10), stock(pot, 10)
    with CaptureQueriesContext(
        connection,
    ) as placing:
        hold("SO1", {cup.pk: 1, pot.pk: 2})
    with CaptureQueriesContext(connection) as paying:
        inventory.commit(order_no="SO1", at=NOW)
    assert (len(placing), len(paying)) == (2, 1)


def test_reading_what_is_free_takes_one_statement_for_any_number_of_skus(django_assert_num_queries):
    cups = [sku() for _ in range(3)]
    for cup in cups[:2]:
        stock(cup, 4, at_place=place("近仓"))
        stock(cup, 3, at_place=place("远仓"))
    hold("SO1", {cups[0].pk: 2})
    with django_assert_num_queries(1):
        assert stock_facts.available([cup.pk for cup in cups]) == {
            cups[0].pk: 5,
            cups[1].pk: 7,
            cups[2].pk: 0,
        }
    with django_assert_num_queries(0):
        assert stock_facts.available([]) == {}


@pytest.mark.parametrize("too_much", [Change(0, held=11), Change(0, held=-1), Change(0, on_hand=-11)])
def test_when_one_row_of_a_booking_would_leave_its_bounds_none_is_changed(too_much: Change):
    row, other = stock(sku(), 10), stock(sku(), 10)
    changes = [Change(other.pk, held=1), too_much._replace(stock_id=row.pk)]
    with pytest.raises(inventory.InventoryConflict), transaction.atomic():
        booking.book(changes, cause=Cause(EntryKind.HOLD, "SO1:hold"), at=NOW)
    assert (figures(row), figures(other)) == ((10, 0), (10, 0))
    assert not StockEntry.objects.filter(business_key="SO1:hold").exists()


def test_the_database_itself_refuses_to_sell_a_unit_twice():
    cup = sku()
    row = stock(cup, 1)
    with pytest.raises(IntegrityError, match="stock_held_within_on_hand"), transaction.atomic():
        Stock.objects.filter(pk=row.pk).update(held=2)


def test_nobody_rewrites_the_ledger():
    cup = sku()
    stock(cup, 1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        StockEntry.objects.update(on_hand_change=5)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        StockEntry.objects.all()._raw_delete("default")


@pytest.mark.django_db(transaction=True)
def test_the_verbs_of_an_order_demand_the_callers_transaction():
    with pytest.raises(NoTransaction):
        hold("SO1", {1: 1})
    for verb in (inventory.commit, inventory.release, inventory.restore):
        with pytest.raises(NoTransaction):
            verb(order_no="SO1", at=NOW)
