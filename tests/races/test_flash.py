"""A flash sale under real threads on PostgreSQL, through the counter: so many units, so many each, whatever Redis does.

The figures are small, that the suite stays quick; with ``FLASH_RUSH=500,64,5000`` (units, clients, requests) they are
those of a real rush.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.models import MemberUnits, Quota
from apps.checkout import activities, placing, scarce
from apps.checkout.holders import Holder, Part, Restored
from apps.checkout.quoting import Choice
from apps.flashsale import gate
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Wait
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order
from mall.pricing.quote import Quote
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import NOW, goods
from tests.races.together import all_answers, crowd

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

UNITS, CLIENTS, REQUESTS = map(int, os.environ.get("FLASH_RUSH", "20,16,100").split(","))
_keys = count(1)
Buyer = tuple[Member, Address]


@pytest.fixture(autouse=True)
def _shop() -> Iterator[None]:
    counter.freight(0)
    cache.clear()
    yield
    cache.clear()


def buyers(number: int) -> list[Buyer]:
    """So many members with an address each."""
    with transaction.atomic():
        return [make.buyer() for _ in range(number)]


def wants(good: Good, who: Buyer, units: int = 1, *, at: datetime = NOW) -> Callable[[], str]:
    """One request for an order."""
    key = f"rush-{next(_keys)}"

    def ask() -> str:
        member, address = who
        placing.place(
            member=member,
            choice=Choice(
                items=((good.sku_id, units),),
                address_id=address.pk,
                activity=activities.read({"kind": "flash_sale", "id": good.pk}),
            ),
            expected_payable_fen=9_00 * units,
            idempotency_key=key,
            remark="",
            at=at,
        )
        return "placed"

    return ask


def sold(good: Good) -> int:
    """How many units are taken, after the books were compared with their ledgers."""
    assert campaign_facts.unbalanced() == stock_facts.unbalanced() == flash_facts.unbalanced() == []
    standing = Order.objects.filter(activity__id=good.pk).exclude(status="CLOSED").count()
    assert standing == Quota.objects.get(key=good.key).taken
    return Quota.objects.get(key=good.key).taken


def test_a_rush_for_some_units_sells_exactly_those_and_fails_nobody() -> None:
    good = make.good(goods(50_00, units=UNITS * 2), quota=UNITS)
    asked = [wants(good, who) for who in buyers(REQUESTS)]
    assert crowd(asked, clients=CLIENTS) == {"placed": UNITS, "activity_sold_out": REQUESTS - UNITS}
    assert sold(good) == UNITS


def test_one_member_twenty_times_at_once_gets_one() -> None:
    good = make.good(quota=10)
    who = make.buyer()
    answers = all_answers([wants(good, who) for _ in range(20)])
    assert answers == {"placed": 1, "activity_limit_reached": 19}
    assert (sold(good), MemberUnits.objects.get().units) == (1, 1)


def test_redis_emptied_again_and_again_sells_no_more_and_the_sale_goes_on() -> None:
    good = make.good(goods(50_00, units=UNITS * 2), quota=UNITS)
    crowd_of = buyers(REQUESTS // 2)

    def emptied(call: Callable[[], str]) -> Callable[[], str]:
        def ask() -> str:
            cache.clear()
            return call()

        return ask

    asked = [wants(good, who) for who in crowd_of for _ in range(2)]
    answers = crowd(
        [emptied(call) if place % 10 == 0 else call for place, call in enumerate(asked)], clients=CLIENTS
    )
    assert answers["placed"] == UNITS
    assert set(answers) <= {"placed", "activity_sold_out", "activity_limit_reached"}
    assert sold(good) == UNITS
    assert set(MemberUnits.objects.values_list("units", flat=True)) == {1}


def test_a_fault_behind_the_gate_in_every_fifth_request_loses_no_unit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = count(1)

    class Breaks(Holder):
        """Fails every fifth order, after its quota is taken and before its stock."""

        def concerns(self, order: Order) -> bool:
            return True

        def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
            if next(numbers) % 5 == 0:
                raise ConnectionError("the machine died here")

        def commit(self, *, order: Order, at: datetime) -> None: ...

        def release(self, *, order: Order, at: datetime) -> None: ...

        def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None: ...

    monkeypatch.setattr(scarce, "HOLDERS", (*scarce.HOLDERS[:-1], Breaks(), scarce.HOLDERS[-1]))
    good = make.good(goods(50_00, units=UNITS * 2), quota=UNITS)
    answers = crowd([wants(good, who) for who in buyers(REQUESTS)], clients=CLIENTS)
    assert (answers["placed"], sold(good)) == (UNITS, UNITS)
    assert answers["ConnectionError"] >= UNITS // 5


def test_a_gate_that_counted_in_redis_would_sell_more_when_it_is_emptied() -> None:
    """What the truth in PostgreSQL is for: the same sale by a counter that can be lost."""
    cache.set("careless", UNITS)
    served = []

    def careless(number: int) -> str:
        if number == UNITS // 2:
            cache.set("careless", UNITS)  # emptied, and made anew from what the operator typed
        if cache.incr("careless", -1) < 0:
            return "sold out"
        served.append(number)
        return "placed"

    for number in range(UNITS * 3):
        careless(number)
    assert len(served) == UNITS + UNITS // 2


def test_without_the_guarded_statement_more_than_there_are_would_be_sold() -> None:
    good = make.good(quota=1)
    Quota.objects.update(quota=None)
    gate = threading.Barrier(8)

    def careless() -> str:
        seen = Quota.objects.get(key=good.key).taken
        gate.wait(30)
        if seen < 1:
            Quota.objects.update(taken=F("taken") + 1)
        return "sold"

    assert all_answers([careless] * 8) == {"sold": 8}
    assert Quota.objects.get().taken == 8


@pytest.mark.parametrize("round_", range(3))
def test_what_lapses_is_the_waiters_however_many_pass_by_at_that_moment(round_: int) -> None:
    good = make.good(goods(50_00, units=10), quota=1)
    first, waiter, *passers_by = buyers(8)
    placed = make.order(first, good)
    flashsale.wait(good_id=good.pk, member=waiter[0], at=NOW)

    def lapse() -> str:
        counter.close(placed, at=NOW)
        return "lapsed"

    answers = all_answers([lapse, *(wants(good, who) for who in passers_by)])
    assert answers == {"lapsed": 1, "activity_sold_out": 6}
    assert wants(good, waiter)() == "placed"
    assert sold(good) == 1


def test_without_a_unit_set_aside_a_passer_by_would_take_the_waiters() -> None:
    good = make.good(goods(50_00, units=10), quota=1)
    first, waiter, passer_by = buyers(3)
    placed = make.order(first, good)
    flashsale.wait(good_id=good.pk, member=waiter[0], at=NOW)
    counter.close(placed, at=NOW)
    assert _refused(wants(good, passer_by)) == "activity_sold_out"
    Quota.objects.update(set_aside=0)
    Wait.objects.update(state="LAPSED")
    gate.reopen(good.pk)
    assert wants(good, passer_by)() == "placed"


@pytest.mark.parametrize("round_", range(4))
def test_who_queues_in_the_moment_of_a_lapse_waits_for_nothing_that_is_there(round_: int) -> None:
    good = make.good(goods(50_00, units=10), quota=1)
    first, waiter = buyers(2)
    placed = make.order(first, good)

    def queue() -> str:
        flashsale.wait(good_id=good.pk, member=waiter[0], at=NOW)
        return "queued"

    def lapse() -> str:
        counter.close(placed, at=NOW)
        return "lapsed"

    answers = all_answers([queue, lapse])
    assert answers in ({"queued": 1, "lapsed": 1}, {"activity_not_sold_out": 1, "lapsed": 1})
    if answers["queued"]:
        assert Wait.objects.get().state == "YOURS"
    assert wants(good, waiter)() == "placed"


def test_two_sweeps_and_the_waiter_at_once_leave_one_unit_with_one_of_them() -> None:
    good = make.good(goods(50_00, units=10), quota=1)
    first, waiter, second = buyers(3)
    placed = make.order(first, good)
    for place, who in enumerate((waiter, second)):
        flashsale.wait(good_id=good.pk, member=who[0], at=NOW + timedelta(seconds=place))
    counter.close(placed, at=NOW)
    over = NOW + timedelta(minutes=10)

    def sweep() -> str:
        flashsale.pass_turns(at=over)
        return "swept"

    in_time = over - timedelta(microseconds=1)
    answers = all_answers([sweep, sweep, wants(good, waiter, at=in_time)])
    assert answers["swept"] == 2
    states = dict(Wait.objects.values_list("member_id", "state"))
    if answers["placed"]:
        assert states == {waiter[0].pk: "USED", second[0].pk: "WAITING"}
    else:
        assert states == {waiter[0].pk: "LAPSED", second[0].pk: "YOURS"}
    assert sold(good) == answers["placed"]


def _refused(call: Callable[[], Any]) -> str:
    """The code of the refusal."""
    (answer,) = all_answers([call])
    connection.close()
    return answer
