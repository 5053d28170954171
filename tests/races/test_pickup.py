"""Counters, the clock and shoppers at once: an order is handed over once, or refunded; a last unit is one shopper's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from apps.aftersales.services import refunding
from apps.checkout.delivering import Asked
from apps.orders.models import Order, OrderMove
from apps.pickup import selectors as pickup_facts
from apps.pickup.models import Pickup
from apps.pickup.services import moving
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.pickup import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def handing(order: Order, clerk: str) -> Callable[[], str]:
    """A counter of its own that has the code in its hand."""
    operator = get_user_model().objects.create_user(clerk)
    code, place_id = make.code_of(order), order.delivery["place_id"] if order.delivery else 0

    def say() -> str:
        moving.hand_over(operator=operator, code=code, place_id=place_id, at=make.NOW)
        return "handed over"

    return say


def whole() -> None:
    assert list(pickup_facts.misplaced()) == list(pickup_facts.held_elsewhere()) == []


def test_of_six_counters_one_hands_it_over() -> None:
    shop = make.shop()
    order = make.ready(shop, make.goods(shop))
    said = all_answers([handing(order, f"店员{number}") for number in range(6)])
    assert said == {"handed over": 1, "pickup_fetched_already": 5}
    assert OrderMove.objects.filter(order=order, move="receive").count() == 1
    whole()


def test_without_the_lock_two_would_hand_it_over() -> None:
    shop = make.shop()
    order = make.ready(shop, make.goods(shop))

    def without(clerk: str) -> Callable[[], str]:
        operator = get_user_model().objects.create_user(clerk)
        code = make.code_of(order)
        # Both have looked before either writes: what the order's lock forbids.
        row = moving.look_up(operator=operator, code=code, place_id=shop.pk, at=make.NOW)

        def say() -> str:
            with transaction.atomic():
                moving._write(row, "hand_over", fetched_at=make.NOW, operator=operator, code_sealed="")
            return "handed over"

        return say

    assert all_answers([without("甲"), without("乙")]) == {"handed over": 2}


def test_the_last_minute_belongs_to_the_counter_or_to_the_clock() -> None:
    shop = make.shop()
    cup = make.goods(shop, 4)
    for number in range(4):
        order = make.ready(shop, cup)
        late = Pickup.objects.get(order=order).fetch_by
        assert late is not None

        def refund(order_no: str = order.order_no, at: object = late) -> str:
            return "refunded" if refunding.refund_unfetched(order_no=order_no, at=at) else "too late"  # type: ignore[arg-type]

        said = all_answers([handing(order, f"店员{number}"), refund])
        order.refresh_from_db()
        if order.status == "RECEIVED":
            assert said == {"handed over": 1, "too late": 1}
        else:
            assert (order.status, order.refunded_fen) == ("REFUNDED", order.payable_fen)
            assert said == {"refunded": 1, "pickup_not_ready": 1}
    whole()


def test_the_last_unit_of_a_shop_is_one_shoppers() -> None:
    shop = make.shop()
    cup = make.goods(shop, 1)
    counter.goods()

    def ordering() -> Callable[[], str]:
        member = members.member()

        def say() -> str:
            make.order(member, cup, asked=Asked("PICKUP", shop.pk))
            return "ordered"

        return say

    assert all_answers([ordering() for _ in range(4)]) == {"ordered": 1, "out_of_stock": 3}
