"""Flash sales in the rush, on two web processes: exactly so many, so many each, whatever happens to Redis or to a process.

The suite runs fewer rounds than ``make races`` (RACES=full), which runs as many as we promise. Beside each race stands the
same one in threads, by our own code without the one lock or guard that decides it: there it is lost. So the race would
see it if ours were.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from apps.campaigns import services as campaigns
from apps.campaigns.models import MemberUnits, Quota
from apps.campaigns.services import quotas
from apps.checkout import activities, placing
from apps.checkout.quoting import Choice
from apps.flashsale.models import Good
from apps.orders.models import Order
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as make_flash
from tests.races import clients
from tests.races.clients import Ask, Person, Webs, people
from tests.races.stage import FULL, HOUR, ROUNDS, check_books, report, together_first
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

RUSHES = 20 if FULL else 1
UNITS, CLIENTS, REQUESTS = (500, 64, 5_000) if FULL else (50, 32, 500)
FEW = 10


def sale(quota: int, **said: Any) -> Good:
    """A good of a session that runs now; three times as many lie on the shelf."""
    now = timezone.now()
    sku = make_flash.goods(50_00, units=3 * quota)
    return make_flash.good(
        sku, quota=quota, starts_at=now - HOUR, ends_at=now + HOUR, at=now - 2 * HOUR, **said
    )


def wants(person: Person, good: Good) -> Ask:
    return clients.order(person, good.sku_id, {"kind": "flash_sale", "id": good.pk}, payable_fen=9_00)


def sold(good: Good) -> int:
    """How many units stand in orders; as many are taken of the quota, and nobody has more than one."""
    check_books()
    standing = Order.objects.filter(
        activity__id=good.pk, activity__kind="flash_sale", status="UNPAID"
    ).count()
    assert Quota.objects.get(kind="flash_sale", key=good.key).taken == standing
    assert {*MemberUnits.objects.values_list("units", flat=True)} <= {1}
    return standing


def test_a_rush_sells_exactly_what_there_is_and_fails_nobody(webs: Webs) -> None:
    for _ in range(RUSHES):
        good = sale(UNITS)
        began = time.monotonic()
        ended, _ = webs.rush([wants(person, good) for person in people(REQUESTS)], clients=CLIENTS)
        report(f"{REQUESTS:,} requests in {time.monotonic() - began:.1f} s: {dict(ended)}")
        assert ended == {"201": UNITS, "activity_sold_out": REQUESTS - UNITS}
        assert sold(good) == UNITS


def test_one_member_twenty_times_in_one_instant_gets_one_of_a_sale(webs: Webs) -> None:
    good = sale(10 * ROUNDS)
    for number, person in enumerate(people(ROUNDS), start=1):
        answers = webs.at_once([wants(person, good) for _ in range(20)])
        assert Counter(map(clients.said, answers)) == {"201": 1, "activity_limit_reached": 19}
        assert sold(good) == number


def test_redis_emptied_in_the_middle_of_a_sale_sells_no_unit_more_and_no_unit_less(webs: Webs) -> None:
    for _ in range(ROUNDS):
        good = sale(FEW)
        over = threading.Event()

        def empty(over: threading.Event = over) -> None:
            while not over.wait(0.005):
                cache.clear()

        emptying = threading.Thread(target=empty)
        emptying.start()
        try:
            asked = [wants(person, good) for person in people(2 * FEW) for _ in range(2)]
            ended, faults = webs.rush(asked, clients=16)
        finally:
            over.set()
            emptying.join()
        assert not faults
        assert ended["201"] == FEW
        assert {*ended} <= {"201", "activity_sold_out", "activity_limit_reached"}
        assert sold(good) == FEW


_DIES = """
    CREATE SEQUENCE race_orders;
    CREATE FUNCTION race_dies() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('race_orders') % 5 = 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER race_dies AFTER INSERT ON campaigns_take
        FOR EACH ROW WHEN (NEW.verb = 'hold') EXECUTE FUNCTION race_dies();
"""
_LIVES = """
    DROP TRIGGER IF EXISTS race_dies ON campaigns_take;
    DROP FUNCTION IF EXISTS race_dies;
    DROP SEQUENCE IF EXISTS race_orders;
"""


@contextmanager
def connections_that_die() -> Iterator[None]:
    """Every fifth order loses its connection to PostgreSQL when it has passed the gate and is about to take its unit."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVES + _DIES)
        try:
            yield
        finally:
            cursor.execute(_LIVES)


def test_a_fault_behind_the_gate_in_every_fifth_order_loses_no_unit(webs: Webs) -> None:
    died = 0
    with connections_that_die():
        for _ in range(ROUNDS):
            good = sale(FEW)
            asked = [wants(person, good) for person in people(3 * FEW)]
            ended, faults = webs.rush(asked, clients=16, insist=True)
            assert ended == {"201": FEW, "activity_sold_out": 2 * FEW}
            assert {*faults} == {"unavailable"}
            assert sold(good) == FEW
            died += faults.total()
    assert died >= ROUNDS * FEW // 5


_OF_THE_ROW = "taken + %(units)s + set_aside"
_AS_IT_WAS = (
    "(SELECT taken FROM campaigns_quota WHERE id = (SELECT quota_id FROM noted)) + %(units)s + set_aside"
)
_OF_THE_MEMBER = "of_member.units + %(units)s <= %(limit)s::int\n"


@contextmanager
def no_constraints(*names: str) -> Iterator[None]:
    """The quota's table without its last line of defence; at the end, the quotas have no number."""
    of_quota = [each for each in Quota._meta.constraints if each.name in names]
    with connection.schema_editor() as editor:
        for each in of_quota:
            editor.remove_constraint(Quota, each)
    try:
        yield
    finally:
        Quota.objects.update(quota=None)
        with connection.schema_editor() as editor:
            for each in of_quota:
                editor.add_constraint(Quota, each)


def placing_in_threads(good: Good, buyers: Sequence[Person]) -> Counter[str]:
    """All of them order a unit in one moment, in threads of this process."""

    def place(person: Person, number: int) -> str:
        ticket = activities.read({"kind": "flash_sale", "id": good.pk})
        placing.place(
            member=person.member,
            choice=Choice(items=((good.sku_id, 1),), address_id=person.address.pk, activity=ticket),
            expected_payable_fen=9_00,
            idempotency_key=f"thread-{number}",
            remark="",
            at=timezone.now(),
        )
        return "placed"

    return all_answers(
        [lambda person=person, number=number: place(person, number) for number, person in enumerate(buyers)]
    )


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_guard_on_the_row_as_it_is_now_a_sale_is_oversold_whatever_redis_says(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    counter.freight(0)
    good, everybody = sale(3), people(8)
    monkeypatch.setattr(campaigns, "hold", together_first(campaigns.hold, threads=8))
    if not guarded:
        assert quotas._HOLD.count(_OF_THE_ROW) == 1
        monkeypatch.setattr(quotas, "_HOLD", quotas._HOLD.replace(_OF_THE_ROW, _AS_IT_WAS))
    with no_constraints("campaign_taken_within_quota", "campaign_set_aside_within_quota"):
        ended = placing_in_threads(good, everybody)
    assert ended == ({"placed": 3, "activity_sold_out": 5} if guarded else {"placed": 8})


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_guard_on_the_member_who_only_looked_first_would_have_more_than_one(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    counter.freight(0)
    good, (person,) = sale(10), people(1)
    priced = together_first(placing._write_at_a_free_place, threads=6)
    monkeypatch.setattr(placing, "_write_at_a_free_place", priced)
    if not guarded:
        assert quotas._HOLD.count(_OF_THE_MEMBER) == 1
        monkeypatch.setattr(quotas, "_HOLD", quotas._HOLD.replace(_OF_THE_MEMBER, "true\n"))
    ended = placing_in_threads(good, [person] * 6)
    assert ended == ({"placed": 1, "activity_limit_reached": 5} if guarded else {"placed": 6})


def test_without_one_transaction_a_unit_would_be_lost_with_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counter.freight(0)
    good, everybody = sale(2), people(3)
    ours, died = campaigns.hold, []

    def in_its_own(**told: Any) -> str:
        with transaction.atomic():
            ours(**told)
        return "held"

    def hold(**told: Any) -> None:
        assert all_answers([lambda: in_its_own(**told)]) == {
            "held": 1
        }  # another connection: committed at once
        if not died:
            died.append(told)
            raise ConnectionError("the machine died here")

    monkeypatch.setattr(campaigns, "hold", hold)
    with pytest.raises(ConnectionError):
        placing_in_threads(good, everybody[:1])
    assert placing_in_threads(good, everybody[1:2]) == {"placed": 1}
    assert placing_in_threads(good, everybody[2:]) == {"activity_sold_out": 1}
    assert (Order.objects.count(), Quota.objects.get().taken) == (1, 2)
