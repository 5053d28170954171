"""Many shoppers and one seat: one has it, whoever is first; and without the guard several would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from django.db import transaction

from apps.checkout import closing
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.pickup import slot_selectors as slot_facts
from apps.pickup import slots
from apps.pickup.models import SlotDay, SlotSeat, SlotTemplate
from apps.pickup.slots import SlotFull
from tests.apps.checkout import make as counter
from tests.apps.pickup import make, slotted
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SHOPPERS = 8


def row(capacity: int = 1, **columns: Any) -> tuple[SlotTemplate, Any]:
    lake = make.shop(**{**make.RIDES, **columns})
    cup = make.goods(lake, 100)
    counter.goods()
    return slotted.template(lake, capacity=capacity), cup


def ordering(template: SlotTemplate, cup: Any) -> Callable[[], str]:
    def say() -> str:
        slotted.order(template, cup)
        return "ordered"

    return say


def test_of_many_shoppers_one_has_the_last_seat() -> None:
    template, cup = row()
    said = all_answers([ordering(template, cup) for _ in range(SHOPPERS)])
    assert said == {"ordered": 1, "slot_full": SHOPPERS - 1}
    assert (SlotDay.objects.get().taken, Order.objects.count()) == (1, 1)
    assert list(slot_facts.misseated()) == []


def test_seats_that_come_back_meanwhile_are_never_sold_twice() -> None:
    template, cup = row(capacity=3)
    held = [slotted.order(template, cup) for _ in range(3)]

    def give_up(order: Order) -> Callable[[], str]:
        def say() -> str:
            closing.close_unpaid(order_no=order.order_no, why="买家取消", actor=Actor.MEMBER, at=make.NOW)
            return "closed"

        return say

    said = all_answers([*map(give_up, held), *(ordering(template, cup) for _ in range(6))])
    assert said["closed"] == 3 and said["ordered"] + said["slot_full"] == 6
    day = SlotDay.objects.get()
    assert day.taken == said["ordered"] <= 3
    assert list(slot_facts.misseated()) == []


def test_without_the_guard_several_would_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    template, cup = row()

    def look_first(*, order: Order, at: datetime) -> None:
        """What a plain reading and writing would do: all look before anybody writes."""
        assert order.slot is not None and order.delivery is not None
        named = slots.read(order.slot["id"])
        day, _ = SlotDay.objects.get_or_create(template_id=named.template_id, day=named.day)
        if SlotSeat.objects.filter(slot_day=day).count() >= template.capacity:
            raise SlotFull
        barrier.wait(timeout=20)
        SlotSeat.objects.create(
            order=order,
            slot_day=day,
            place_id=order.delivery["place_id"],
            kind="CITY",
            starts_at=order.slot["starts_at"],
            ends_at=order.slot["ends_at"],
            taken_at=at,
        )

    import threading

    barrier = threading.Barrier(2)
    with transaction.atomic():
        SlotDay.objects.create(template=template, day=slots.read(slotted.slot_id(template)).day)
    monkeypatch.setattr("apps.pickup.services.seats.take", look_first)
    assert all_answers([ordering(template, cup) for _ in range(2)]) == {"ordered": 2}
    assert SlotSeat.objects.count() == 2 > template.capacity


def test_two_operators_add_overlapping_times_at_once_and_one_is_refused() -> None:
    lake = make.shop(**make.RIDES)

    def adding(begins: time) -> Callable[[], str]:
        def say() -> str:
            slotted.template(lake, begins=begins, ends=time(12))
            return "added"

        return say

    for turn in range(5):
        SlotTemplate.objects.all().delete()
        said = all_answers([adding(time(9)), adding(time(10 + turn % 2))])
        assert said == {"added": 1, "slot_refused": 1}
        assert SlotTemplate.objects.count() == 1
