"""Promotions under real threads on PostgreSQL: a limit of ten is ten, whoever comes at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db.models import Sum

from apps.promotions import services as promotions
from apps.promotions.models import Promotion, Tally, Usage
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW
from tests.apps.promotions.test_limits import quote
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def order(number: int, member_id: int, *refs: str, quantity: int = 1) -> Callable[[], object]:
    """An order that uses these promotions, as a call."""
    said = quote(*refs, quantity=quantity)
    return lambda: promotions.hold(order_no=f"SO{number}", member_id=member_id, quote=said, at=NOW)


def in_force(row: Promotion) -> int:
    total: int = Usage.objects.filter(promotion=row).aggregate(total=Sum("uses"))["total"] or 0
    return total


def test_sixty_four_orders_for_a_limit_of_ten_make_ten_uses():
    row = make.promotion(limits={"total": 10})
    buyers = [make.member().pk for _ in range(64)]
    outcome = at_once(order(n, buyer, f"promotion:{row.pk}") for n, buyer in enumerate(buyers))
    assert outcome == {"done": 10, "LimitReached": 54}
    assert (Tally.objects.get().uses, in_force(row)) == (10, 10)


def test_reading_first_and_writing_then_lets_more_than_ten_through():
    """The race that the guarded statement closes: everybody counts, then everybody takes."""
    row = make.promotion(limits={"total": 10})
    tally = Tally.objects.create(promotion=row, uses=9)
    gate = threading.Barrier(8)

    def careless() -> None:
        uses = Tally.objects.get(pk=tally.pk).uses
        gate.wait()
        if uses < 10:
            Usage.objects.create(
                promotion=row,
                order_no=threading.current_thread().name[-20:],
                member_id=buyer,
                verb="hold",
                uses=1,
                amount_fen=1,
                day=NOW.date(),
                at=NOW,
            )

    buyer = make.member().pk
    assert at_once([careless] * 8) == {"done": 8}
    assert in_force(row) == 8  # one was left


def test_one_member_on_many_devices_uses_a_promotion_once():
    row, buyer = make.promotion(limits={"per_member": 1}), make.member().pk
    outcome = at_once(order(number, buyer, f"promotion:{row.pk}") for number in range(16))
    assert outcome == {"done": 1, "LimitReached": 15}


def test_orders_that_want_the_same_two_promotions_queue_and_never_deadlock():
    one, two = make.promotion(limits={"total": 20}), make.promotion(limits={"total": 20})
    refs = [f"promotion:{one.pk}", f"promotion:{two.pk}"]
    buyers = [make.member().pk for _ in range(32)]
    outcome = at_once(
        order(number, buyer, *(refs if number % 2 else reversed(refs))) for number, buyer in enumerate(buyers)
    )
    assert outcome == {"done": 20, "LimitReached": 12}


def test_the_first_three_units_at_half_price_go_to_three_orders():
    row = make.promotion("STEP_PRICE", steps=[[3, 5000]], rise_bp=1000, rise_hours=1)
    buyers = [make.member().pk for _ in range(16)]
    outcome = at_once(order(n, buyer, f"promotion:{row.pk}@0") for n, buyer in enumerate(buyers))
    assert outcome == {"done": 3, "LimitReached": 13}
    tally = Tally.objects.get()
    assert (tally.units, tally.filled_at) == (3, NOW)


def test_releasing_an_order_many_times_at_once_gives_back_one_use():
    row = make.promotion(limits={"total": 3})
    buyers = [make.member().pk for _ in range(3)]
    assert at_once(order(n, buyer, f"promotion:{row.pk}") for n, buyer in enumerate(buyers)) == {"done": 3}
    outcome = at_once([lambda: promotions.release(order_no="SO1", at=NOW)] * 8)
    assert outcome == {"done": 8}
    assert (Tally.objects.get().uses, in_force(row)) == (2, 2)


def test_a_limit_set_while_orders_are_placed_counts_each_of_them_once():
    row = make.promotion()
    buyers = [make.member().pk for _ in range(24)]

    def limit() -> None:
        Promotion.objects.filter(pk=row.pk).update(limit_total=1000)
        promotions.recount(promotion_id=row.pk, at=NOW)

    calls = [order(number, buyer, f"promotion:{row.pk}") for number, buyer in enumerate(buyers)]
    assert at_once([*calls[:12], limit, *calls[12:]]) == {"done": 25}
    assert (Tally.objects.get().uses, in_force(row)) == (24, 24)
