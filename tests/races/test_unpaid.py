"""One member at many counters: what may be held unpaid, and one cart sent twice. First the naive shop, then ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from apps.base import clauses
from apps.carts import selectors as cart_facts
from apps.carts import services as carts
from apps.carts.models import CartItem
from apps.catalog.models import Sku
from apps.checkout import closing, placing, quoting
from apps.checkout.quoting import Choice
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock
from apps.members.models import Address, Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.promotions.models import Tally, Usage
from tests.apps.checkout import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

Buyer = tuple[Member, Address]


def _place(buyer: Buyer, sku: Sku | None, quantity: int, payable_fen: int, **more: Any) -> str:
    member, address = buyer
    placing.place(
        member=member,
        choice=Choice(items=((sku.pk, quantity),) if sku else None, address_id=address.pk),
        expected_payable_fen=payable_fen,
        remark="",
        at=make.NOW,
        **{"idempotency_key": make.key(), **more},
    )
    return "placed"


def test_a_shop_that_counts_and_then_places_gives_one_member_more_unpaid_orders_than_ten() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    for _ in range(9):
        make.order(*buyer, [(cup, 1)])
    counted = threading.Barrier(5)

    def order() -> str:
        few = Order.objects.filter(member=buyer[0], status="UNPAID").count() < 10
        counted.wait(timeout=30)
        if few:  # the shop of before, which asked for no place
            template = Order.objects.filter(member=buyer[0]).values().first()
            number = make.key()
            Order.objects.create(
                **{
                    **template,
                    "id": None,
                    "order_no": number,
                    "idempotency_key": number,
                    "unpaid_place": None,
                }
            )
        return "placed"

    assert all_answers([order] * 5) == {"placed": 5}
    assert Order.objects.filter(status="UNPAID").count() == 14


def test_twenty_orders_of_one_member_at_once_are_ten_and_ten_refusals() -> None:
    cup, buyer = make.goods(5000), make.buyer()

    outcome = all_answers([lambda: _place(buyer, cup, 1, 5000)] * 20)

    assert outcome == {"placed": 10, "too_many_unpaid_orders": 10}
    assert sorted(Order.objects.values_list("unpaid_place", flat=True)) == list(range(1, 11))
    assert Stock.objects.get(sku=cup).held == 10


def test_the_last_place_is_one_order_s_though_five_want_it() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    for _ in range(9):
        make.order(*buyer, [(cup, 1)])
    outcome = all_answers([lambda: _place(buyer, cup, 1, 5000)] * 5)
    assert outcome == {"placed": 1, "too_many_unpaid_orders": 4}


def test_a_shop_that_counts_before_it_locks_the_shelf_gives_one_member_more_than_500_units() -> None:
    cup = make.goods(100, units=5000)
    counted = threading.Barrier(4)

    def take(number: int) -> str:
        held = Hold.objects.filter(stock__sku=cup).aggregate(units=Sum("quantity", default=0))["units"]
        counted.wait(timeout=30)
        if held + 200 <= 500:
            with transaction.atomic():
                inventory.hold(order_no=f"SO{number}", demand={cup.pk: 200}, at=make.NOW)
        return "held"

    assert all_answers([lambda n=n: take(n) for n in range(4)]) == {"held": 4}
    assert Stock.objects.get(sku=cup).held == 800


def test_four_orders_of_200_units_at_once_are_two_of_them() -> None:
    cup, buyer = make.goods(100, units=5000), make.buyer()

    outcome = all_answers([lambda: _place(buyer, cup, 200, 20_000)] * 4)

    assert outcome == {"placed": 2, "too_many_unpaid_units": 2}
    assert Stock.objects.get(sku=cup).held == 400


def test_a_shop_that_counts_as_of_before_the_shelf_is_locked_gives_one_member_more_than_five_units() -> None:
    cup, pot, buyer = make.goods(100), make.goods(100), make.buyer()
    numbers = [
        make.order(*buyer, [(pot, 1)]).order_no for _ in range(2)
    ]  # not in turn: both are there already
    Hold.objects.all().delete()
    limit = inventory.Limit(order_facts.UNPAID_OF, {"member_id": buyer[0].pk}, 5)
    first_holds = threading.Event()

    def take(order_no: str) -> str:
        if order_no != numbers[0]:
            assert first_holds.wait(timeout=30)
        with transaction.atomic():
            clause = inventory.holding(order_no=order_no, demand={cup.pk: 3}, limit=limit, at=make.NOW)
            clauses.run([clause])
            first_holds.set()
            time.sleep(0.5)  # the second waits for the shelf meanwhile
        return "held"

    assert all_answers([lambda n=n: take(n) for n in numbers]) == {"held": 2}
    assert Stock.objects.get(sku=cup).held == 6


def test_four_orders_of_three_units_at_once_are_one_of_them_though_places_fall_free(settings: Any) -> None:
    settings.MEMBER_UNPAID_UNITS = 5
    cup, pot, buyer = make.goods(100), make.goods(100), make.buyer()
    before = [make.order(*buyer, [(pot, 1)]).order_no for _ in range(3)]

    def close(order_no: str) -> str:
        closing.cancel(member=buyer[0], order_no=order_no, at=make.NOW)
        return "closed"

    outcome = all_answers(
        [*[lambda: _place(buyer, cup, 3, 300)] * 4, *[lambda n=n: close(n) for n in before]]
    )

    assert outcome == {"placed": 1, "too_many_unpaid_units": 3, "closed": 3}
    assert Stock.objects.get(sku=cup).held == 3


def test_five_orders_of_one_member_at_once_take_two_uses_of_a_promotion_with_ten() -> None:
    off = make.promotion(limit_total=10)
    cup, buyer = make.goods(10_000), make.buyer()

    outcome = all_answers([lambda: _place(buyer, cup, 1, 8500)] * 5)

    assert outcome == {"placed": 2, "too_many_unpaid_uses": 3}
    assert Tally.objects.get(promotion=off).uses == Usage.objects.filter(promotion=off).count() == 2
    assert Stock.objects.get(sku=cup).held == 2


def _cart_of(buyer: Buyer, *skus: Sku) -> None:
    for sku in skus:
        carts.put(member=buyer[0], sku_id=sku.pk, quantity=1, selected=True, at=make.NOW)


def test_a_shop_that_reads_the_cart_and_empties_it_later_makes_two_orders_of_one_cart() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    _cart_of(buyer, cup)
    read = threading.Barrier(2)

    def order() -> str:
        lines = cart_facts.selected_of(member=buyer[0])
        read.wait(timeout=30)
        make.order(*buyer, [(cup, quantity) for _, quantity in lines])
        CartItem.objects.filter(member=buyer[0], sku=cup).delete()
        return "placed"

    assert all_answers([order] * 2) == {"placed": 2}
    assert Order.objects.count() == 2


@pytest.mark.parametrize("times", range(3))
def test_one_cart_sent_six_times_at_once_under_six_keys_is_one_order(times: int) -> None:
    cup, pot, buyer = make.goods(5000), make.goods(1000), make.buyer()
    _cart_of(buyer, cup, pot)

    told: list[str] = []

    def order() -> str:
        try:
            return _place(buyer, None, 0, 6000)
        except placing.CartAlreadyOrdered as refused:
            told.append(refused.details["order_no"])
            raise

    assert all_answers([order] * 6) == {"placed": 1, "cart_already_ordered": 5}
    assert told == [Order.objects.get().order_no] * 5
    assert (Stock.objects.get(sku=cup).held, Stock.objects.get(sku=pot).held) == (1, 1)
    assert not CartItem.objects.exists()


def _second(buyer: Buyer, between: Callable[[], object]) -> str:
    """An order of the cart that is priced before ``between`` and written after it."""
    member, address = buyer
    composed, gone_on = threading.Event(), threading.Event()
    answers: list[str] = []
    compose = quoting.compose

    def order() -> str:
        composition = compose(member=member, choice=Choice(address_id=address.pk), at=make.NOW)
        composed.set()
        assert gone_on.wait(timeout=30)
        with transaction.atomic():
            carts.take_ordered(member=member, quantities=composition.quantities)
        return "taken"

    def run() -> None:
        try:
            answers.append(order())
        except carts.CartChanged as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert composed.wait(timeout=30)
    between()
    gone_on.set()
    thread.join(timeout=30)
    return answers[0]


def test_a_cart_that_was_ordered_between_pricing_and_writing_is_not_taken_again() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    _cart_of(buyer, cup)
    assert _second(buyer, lambda: _place(buyer, None, 0, 5000)) == "cart_changed"


def test_a_cart_that_lost_units_between_pricing_and_writing_is_not_taken_for_what_it_was() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    carts.put(member=buyer[0], sku_id=cup.pk, quantity=3, selected=True, at=make.NOW)
    item = CartItem.objects.get()
    changed = _second(buyer, lambda: carts.change(member=buyer[0], item_id=item.pk, quantity=1))
    assert (changed, CartItem.objects.get().quantity) == ("cart_changed", 1)


def test_a_place_that_is_free_again_is_taken_at_once() -> None:
    cup, buyer = make.goods(5000), make.buyer()
    ten = [make.order(*buyer, [(cup, 1)]) for _ in range(10)]

    def cancel_and_order(order: Order) -> str:
        make.close(order, at=make.NOW + timedelta(minutes=1))
        return _place(buyer, cup, 1, 5000)

    assert all_answers([lambda o=order: cancel_and_order(o) for order in ten[:5]]) == {"placed": 5}
    assert Order.objects.filter(status="UNPAID").count() == 10
