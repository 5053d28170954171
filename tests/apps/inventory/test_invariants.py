"""Whatever happens in whatever order, the shelf keeps within its bounds and the books balance."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock
from mall.errors import ShopError
from tests.apps.inventory.make import NOW, place, sku

ORDERS = st.sampled_from(["SO1", "SO2", "SO3"])
SKUS = st.integers(0, 1)
UNITS = st.integers(1, 6)
DEMANDS = st.dictionaries(SKUS, UNITS, min_size=1)
HAPPENINGS = st.one_of(
    st.tuples(st.just("receive"), SKUS, st.integers(0, 1), UNITS),
    st.tuples(st.just("adjust"), SKUS, st.integers(0, 1), st.integers(-6, 6)),
    st.tuples(st.just("hold"), ORDERS, DEMANDS),
    st.tuples(st.just("commit"), ORDERS),
    st.tuples(st.just("release"), ORDERS),
    st.tuples(st.just("restore"), ORDERS, st.none() | DEMANDS),
)


class Shelf:
    """Two SKUs, eight of each in the first of two places, and every verb; refusals are part of life."""

    def __init__(self) -> None:
        self.skus = [sku().pk for _ in range(2)]
        self.places = [place("一号仓", priority=0).pk, place("二号仓", priority=1).pk]
        self.number = 0
        for which in range(2):
            self.happen("receive", which, 0, 8)

    def happen(self, verb: str, *what: Any) -> None:
        self.number += 1
        with suppress(ShopError):
            getattr(self, verb)(*what)

    def receive(self, which: int, where: int, quantity: int) -> None:
        inventory.receive(quantity=quantity, **self._count(which, where))

    def adjust(self, which: int, where: int, change: int) -> None:
        inventory.adjust(change=change, **self._count(which, where))

    def hold(self, order_no: str, demand: dict[int, int]) -> None:
        inventory.hold(order_no=order_no, demand=self._skus(demand), at=NOW)

    def commit(self, order_no: str) -> None:
        inventory.commit(order_no=order_no, at=NOW)

    def release(self, order_no: str) -> None:
        inventory.release(order_no=order_no, at=NOW)

    def restore(self, order_no: str, quantities: dict[int, int] | None) -> None:
        some = None if quantities is None else self._skus(quantities)
        cause = "" if quantities is None else f"RF{self.number}"
        inventory.restore(order_no=order_no, quantities=some, cause=cause, at=NOW)

    def _skus(self, demand: dict[int, int]) -> dict[int, int]:
        return {self.skus[which]: quantity for which, quantity in demand.items()}

    def _count(self, which: int, where: int) -> dict[str, Any]:
        return {
            "sku_id": self.skus[which],
            "place_id": self.places[where],
            "business_key": f"happening:{self.number}",
            "reason": "",
            "operator": None,
            "at": NOW,
        }


class StockKeepsItsPromises(TestCase):
    """A class only because Hypothesis rolls the database back after each example by way of one."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(HAPPENINGS, min_size=5, max_size=25))
    def test_no_sequence_of_events_breaks_the_bounds_or_the_books(self, happenings: list[Any]) -> None:
        shelf = Shelf()
        for each in happenings:
            shelf.happen(*each)
        assert stock_facts.unbalanced() == []
        for row in Stock.objects.all():
            assert 0 <= row.held <= row.on_hand
            promised = Hold.objects.filter(stock=row, status="HELD").values_list("quantity", flat=True)
            assert sum(promised) == row.held
