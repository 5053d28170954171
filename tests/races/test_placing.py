"""Many shoppers at one counter, with real threads on PostgreSQL: first the naive shop, then ours."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import transaction

from apps.carts import services as carts
from apps.carts.models import CartItem
from apps.catalog.models import Sku
from apps.checkout import closing, placing
from apps.checkout.quoting import Choice
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.members.models import Address, Member
from apps.orders.models import Order
from tests.apps.checkout import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def _place(
    buyer: tuple[Member, Address],
    wanted: Sequence[tuple[Sku, int]] | None,
    expected_payable_fen: int,
    key: str,
) -> str:
    member, address = buyer
    items = None if wanted is None else tuple((sku.pk, quantity) for sku, quantity in wanted)
    placing.place(
        member=member,
        choice=Choice(items=items, address_id=address.pk),
        expected_payable_fen=expected_payable_fen,
        idempotency_key=key,
        remark="",
        at=make.NOW,
    )
    return "placed"


def test_the_naive_shop_that_looks_and_then_takes_sells_units_twice() -> None:
    cup = make.goods(5000, units=5)
    looked = threading.Barrier(20)

    def buy() -> str:
        free = stock_facts.available([cup.pk])[cup.pk]
        looked.wait(timeout=30)
        if free < 1:
            return "out_of_stock"
        with transaction.atomic():
            Stock.objects.filter(sku=cup).update(held=5 - free + 1)
        return "placed"

    assert all_answers([buy] * 20) == {"placed": 20}


def test_twenty_buyers_of_five_cups_make_five_orders() -> None:
    cup = make.goods(5000, units=5)
    buyers = [make.buyer() for _ in range(20)]

    outcome = all_answers([lambda b=buyer: _place(b, [(cup, 1)], 5000, "k") for buyer in buyers])

    assert outcome == {"placed": 5, "out_of_stock": 15}
    assert Order.objects.count() == 5
    stock = Stock.objects.get(sku=cup)
    assert (stock.on_hand, stock.held) == (5, 5)


def test_orders_for_the_same_two_skus_in_opposite_order_do_not_lock_each_other_out() -> None:
    cup, pot = make.goods(5000, units=100), make.goods(1000, units=100)
    buyers = [make.buyer() for _ in range(12)]
    ways = ([(cup, 1), (pot, 1)], [(pot, 1), (cup, 1)])

    outcome = all_answers(
        [lambda b=buyer, w=ways[n % 2]: _place(b, w, 6000, "k") for n, buyer in enumerate(buyers)]
    )

    assert outcome == {"placed": 12}
    assert stock_facts.available([cup.pk, pot.pk]) == {cup.pk: 88, pot.pk: 88}


def test_the_same_key_eight_times_at_once_is_one_order() -> None:
    cup = make.goods(5000, units=8)
    buyer = make.buyer()

    outcome = all_answers([lambda: _place(buyer, [(cup, 1)], 5000, "k")] * 8)

    assert outcome == {"placed": 8}
    assert Order.objects.count() == 1
    assert stock_facts.available([cup.pk]) == {cup.pk: 7}


def test_the_last_unit_under_the_same_key_is_one_order_and_no_refusal() -> None:
    cup = make.goods(5000, units=1)
    buyer = make.buyer()
    assert all_answers([lambda: _place(buyer, [(cup, 1)], 5000, "k")] * 8) == {"placed": 8}
    assert Order.objects.count() == 1


def test_a_cart_ordered_eight_times_at_once_under_one_key_is_one_order() -> None:
    cup, pot = make.goods(5000, units=8), make.goods(1000, units=8)
    buyer = make.buyer()
    for sku in (cup, pot):
        carts.put(member=buyer[0], sku_id=sku.pk, quantity=1, selected=True, at=make.NOW)

    outcome = all_answers([lambda: _place(buyer, None, 6000, "k")] * 8)

    assert outcome == {"placed": 8}
    assert Order.objects.count() == 1
    assert not CartItem.objects.exists()


def test_puts_at_once_add_up_in_one_line() -> None:
    cup = make.goods(5000)
    member, _ = make.buyer()

    def put() -> str:
        carts.put(member=member, sku_id=cup.pk, quantity=2, selected=True, at=make.NOW)
        return "put"

    assert all_answers([put] * 8) == {"put": 8}
    assert CartItem.objects.get().quantity == 16


def test_a_change_between_looking_and_adding_up_is_not_lost() -> None:
    cup = make.goods(5000)
    member, _ = make.buyer()
    carts.put(member=member, sku_id=cup.pk, quantity=2, selected=True, at=make.NOW)
    item = CartItem.objects.get()

    def put() -> str:
        carts.put(member=member, sku_id=cup.pk, quantity=3, selected=True, at=make.NOW)
        return "put"

    def change() -> str:
        carts.change(member=member, item_id=item.pk, quantity=1000)
        return "changed"

    assert all_answers([put, put, put, change]) == {"put": 3, "changed": 1}
    item.refresh_from_db()
    assert item.quantity in {1000, 1003, 1006, 1009}


def test_sweeps_and_the_shopper_closing_at_once_give_the_stock_back_once() -> None:
    cup = make.goods(5000, units=5)
    member, address = make.buyer()
    order = make.order(member, address, [(cup, 3)])
    expired = make.NOW + timedelta(minutes=30)

    def sweep() -> str:
        return f"closed {closing.close_expired(at=expired)}"

    def cancel() -> str:
        closing.cancel(member=member, order_no=order.order_no, at=expired)
        return "closed 1"

    outcome = all_answers([sweep, sweep, sweep, cancel, cancel])

    assert outcome["closed 1"] == 1
    assert outcome.total() == 5
    assert stock_facts.available([cup.pk]) == {cup.pk: 5}
    assert order.history.filter(move="close").count() == 1
