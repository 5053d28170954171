"""The waiting list of a flash sale under real threads on PostgreSQL: what lapses is the waiters', one unit of one of them.

The rush itself is in ``test_sales_at_once``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.models import Quota
from apps.checkout import activities, placing
from apps.checkout.quoting import Choice
from apps.flashsale import gate
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Wait
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import NOW, goods
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

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
