"""Goods that arrive: the plan becomes stock that is held for those who waited, the earliest first, and for nobody else."""

from __future__ import annotations

import pytest

from apps.checkout import closing
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock, StockEntry
from apps.presale import selectors as presale_facts
from apps.presale import services as presales
from apps.presale.models import Presale, Reservation
from tests.apps.checkout import make as counter
from tests.apps.inventory import make as stocks
from tests.apps.presale import make
from tests.apps.presale.make import BALANCE_FROM, BALANCE_UNTIL, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)


def free(row: Presale) -> int:
    sku = make.skus_of(row)[0]
    return stock_facts.available([sku.pk])[sku.pk]


def plan() -> list[str]:
    return list(Reservation.objects.order_by("id").values_list("status", flat=True))


def test_what_arrives_is_held_for_those_who_waited_and_the_rest_is_free() -> None:
    row = make.presale()
    reserved, paid = make.reserved(row, units=2), make.paid(row, units=3)
    unpaid = make.order(row)
    assert presale_facts.wanted_of(row.pk) == {make.skus_of(row)[0].pk: 5}
    assert make.arrive(row, 8) == (2, 0)
    holds = dict(Hold.objects.values_list("order_no", "status"))
    assert holds == {reserved.order_no: "HELD", paid.order_no: "COMMITTED"}
    stock = Stock.objects.get()
    assert (stock.on_hand, stock.held, free(row)) == (5, 2, 3)
    assert plan() == ["ARRIVED", "ARRIVED", "PLANNED"]
    unpaid.refresh_from_db()
    assert unpaid.awaits_goods


def test_who_came_first_is_served_first_and_who_goes_short_waits_for_more() -> None:
    row = make.presale()
    first, second, third = (make.paid(row, units=units) for units in (2, 3, 1))
    assert make.arrive(row, 4) == (1, 2)
    # The third would fit, and is not served before the second.
    assert plan() == ["ARRIVED", "PLANNED", "PLANNED"]
    assert presales.allot_due(at=NOW) == 0
    stocks.stock(make.skus_of(row)[0], 2)
    assert presales.allot_due(at=NOW) == 2
    assert plan() == ["ARRIVED"] * 3
    assert (free(row), presales.allot_due(at=NOW)) == (0, 0)
    for order in (first, second, third):
        order.refresh_from_db()
        assert not order.awaits_goods


def test_who_waits_for_other_goods_does_not_wait_behind_those_that_are_short() -> None:
    short, there = make.presale(), make.presale()
    for row in (short, there):
        make.paid(row)
        make.arrive(row, 1)
    behind = [make.paid(row) for row in (short, short, short, there, there)]
    stocks.stock(make.skus_of(there)[0], 2)
    assert presales.allot_due(at=NOW, limit=1, batch=2) == 1
    assert presales.allot_due(at=NOW, limit=2, batch=2) == 1
    for order in behind:
        order.refresh_from_db()
    assert [order.awaits_goods for order in behind] == [True, True, True, False, False]


def test_the_same_page_sent_twice_receives_once() -> None:
    row = make.presale()
    make.paid(row)
    make.arrive(row, 5, token="t1")
    assert make.arrive(row, 5, token="t1") == (0, 0)
    assert StockEntry.objects.filter(kind="RECEIVE").count() == 1
    assert (free(row), Hold.objects.count()) == (4, 1)


def test_what_was_received_before_is_given_out_without_new_units() -> None:
    row = make.presale(make.tea(units=3))
    make.paid(row, units=2)
    assert presales.allot_due(at=NOW) == 0  # nobody said that the goods are here
    assert make.arrive(row, 0) == (1, 0)
    assert free(row) == 1


def test_a_balance_that_is_paid_after_the_arrival_takes_the_held_units_off_the_shelf() -> None:
    row = make.presale()
    order = make.reserved(row, units=2)
    make.arrive(row, 2)
    make.pay(order, at=BALANCE_FROM)
    stock = Stock.objects.get()
    assert (order.status, stock.on_hand, stock.held) == ("PAID", 0, 0)


def test_a_lapsed_balance_frees_the_units_that_had_come_for_it() -> None:
    row = make.presale()
    make.reserved(row, units=2)
    make.arrive(row, 2)
    assert free(row) == 0
    closing.close_expired(at=BALANCE_UNTIL)
    assert (free(row), plan()) == (2, ["DROPPED"])


def test_a_deposit_that_is_paid_after_the_arrival_gets_its_goods_with_the_next_sweep() -> None:
    row = make.presale()
    late = make.order(row)
    make.arrive(row, 1)
    assert presales.allot_due(at=NOW) == 0
    make.pay(late)
    assert presales.allot_due(at=NOW) == 1
    late.refresh_from_db()
    assert not late.awaits_goods


def test_goods_of_another_presale_do_not_arrive_for_this_one() -> None:
    row, other = make.presale(), make.tea()
    with pytest.raises(presales.NotOfPresale):
        presales.arrive(
            presale_id=row.pk, place_id=make.place().pk, units={other.pk: 1}, token="t", operator=None, at=NOW
        )
    assert StockEntry.objects.count() == 0


def test_ordinary_orders_of_the_same_goods_still_take_of_the_shelf() -> None:
    sku = make.tea(units=1)
    row = make.presale(sku)
    make.reserved(row)
    counter.order(*counter.buyer(), [(sku, 1)], at=NOW)
    with pytest.raises(inventory.OutOfStock):
        counter.order(*counter.buyer(), [(sku, 1)], at=NOW)
