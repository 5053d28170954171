"""Activities under attack: two web processes as in production, asked by many at once over HTTP, WeChat's news included.

After each round the database must be whole, and what WeChat has in its books is what the shop has in its own. The suite
runs fewer rounds than ``make races`` (RACES=full), which runs as many as we promise.

Beside each race stands the same one in threads, by our own code without the one lock or guard that decides it: there it is
lost. So the races would see it if ours were.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from apps.bargain import services as bargains
from apps.bargain.models import Bargain, Cut, Help, Run
from apps.bargain.services import buying, running
from apps.bargain.states import RunStatus
from apps.campaigns import services as campaigns
from apps.campaigns.models import MemberUnits, Quota
from apps.campaigns.services import quotas
from apps.checkout import activities, closing, placing
from apps.checkout.quoting import Choice
from apps.flashsale.models import Good
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, Seat
from apps.groupbuy.services import groups
from apps.orders.models import Order, OrderRefund
from apps.outbox.models import Announcement
from apps.payments.models import Payment, Refund
from apps.wechat.sandbox.control import Sandbox
from tests.apps.bargain import make as make_bargain
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as make_flash
from tests.apps.groupbuy import make as make_groups
from tests.journeys import programs
from tests.races import clients
from tests.races.clients import Ask, Person, Webs, people
from tests.races.payers import (
    ask_to_pay,
    heard_of,
    in_wechats_books,
    join_and_pay,
    opened,
    payers,
    pays,
    pays_late,
    post,
    seat,
    sweep,
    until,
)
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

FULL = os.environ.get("RACES") == "full"
ROUNDS = 20
ROUNDS_OF_FIVE = 20 if FULL else 6
ROUNDS_AT_THE_END = 50 if FULL else 15
KILLED_AT = (1, 2, 3) if FULL else (2,)
RUSHES = 20 if FULL else 1
UNITS, CLIENTS, REQUESTS = (500, 64, 5_000) if FULL else (50, 32, 500)
FEW = 10
HOUR = timedelta(hours=1)


def check_books() -> None:
    """What operators run at night: every count equals the rows below it."""
    for command in ("check_quotas", "check_groups", "check_refunds", "check_ledgers"):
        call_command(command, stdout=StringIO())


def report(line: str) -> None:
    """What `make races` prints of a round."""
    if FULL:
        sys.stderr.write(f"{line}\n")


# --- Groups: what payers do goes through WeChat and the door for its news.


def told(kind: str, group: Group) -> int:
    return Announcement.objects.filter(kind=kind, payload__group_no=group.group_no).count()


def both_look_first(look: Callable[..., Any]) -> Callable[..., Any]:
    """A look that answers two threads when both have looked."""
    looked = threading.Barrier(2)

    def plain(*numbers: str, **of: Any) -> Any:
        seen = look(*numbers, **of)
        looked.wait(30)
        return seen

    return plain


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_of_five_payers_of_a_group_of_three_three_are_in_and_two_have_all_of_it_back_once(
    webs: Webs, wechat: Sandbox
) -> None:
    """Two held the last place one after the other, and their time ran out; then the money of all comes in one moment.

    In every second round two places are left, in the others one. WeChat says everything three times.
    """
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), **make_groups.today())
    everybody = payers(wechat, 5)
    expected: dict[str, tuple[int, int]] = {}
    for turn in range(ROUNDS_OF_FIVE):
        already = 1 + turn % 2
        late, last = everybody[already : already + 2], everybody[already + 2 :]
        (group,) = opened(webs, wechat, row, everybody[:1])
        if already == 2:
            join_and_pay(webs, wechat, everybody[1], group)
        lapsed = []
        for person in late:
            lapsed.append(seat(person, row, group))
            ask_to_pay(webs, (person, lapsed[-1]))
            closing.close_expired(at=lapsed[-1].expires_at)
        held = [seat(person, row, group) for person in last]
        asked = ask_to_pay(webs, *zip(last, held, strict=True))
        wechat.fault("notify_repeated", times=2 + len(last), event="TRANSACTION.SUCCESS", copies=2)
        webs.at_once(
            [],
            *(pays(wechat, person, said) for person, said in zip(last, asked, strict=True)),
            *(pays_late(wechat, order) for order in lapsed),
        )
        until(heard_of(*held, *lapsed))
        group.refresh_from_db()
        assert (group.status, group.joined, group.held, told("GroupFormed", group)) == ("FORMED", 3, 0, 1)
        formed = Order.objects.filter(pk__in=group.seats.filter(status="PAID").values("order"))
        assert len(formed) == 3
        assert make_groups.statuses(*lapsed) == ["CLOSED"] * 2
        expected |= {order.order_no: (39_00, 0) for order in formed}
        expected |= {order.order_no: (39_00, 39_00) for order in lapsed}
    post()
    assert in_wechats_books(wechat) == expected
    assert Counter(Order.objects.values_list("status", flat=True)) == {
        "PAID": 3 * ROUNDS_OF_FIVE,
        "CLOSED": 2 * ROUNDS_OF_FIVE,
    }
    check_books()


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_groups_lock_two_last_payers_would_lose_one_another(
    monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    row = make_groups.campaign(make_groups.goods(50_00))
    group = make_groups.opened(row)
    last = [make_groups.order(row, group=group) for _ in range(2)]
    if not locked:
        monkeypatch.setattr(groups, "locked", both_look_first(lambda **of: Group.objects.get(**of)))
    outcome = all_answers([lambda order=order: str(make_groups.pay(order)) for order in last])
    assert outcome == {"None": 2}  # both have paid
    group.refresh_from_db()
    assert (group.status, group.joined) == (("FORMED", 3) if locked else ("OPEN", 2))


def test_the_last_payment_against_the_end_is_all_formed_or_all_refunded(webs: Webs, wechat: Sandbox) -> None:
    """The payment comes ever closer to the end of the group's time: later after it was in time, sooner after it was not.

    Every third time WeChat takes the money although the shop has just closed the order there.
    """
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), {2: 39_00}, **make_groups.today())
    leader, last = payers(wechat, 2)
    expected: dict[str, tuple[int, int]] = {}
    seen: Counter[str] = Counter()
    before_s = 0.03
    for turn in range(ROUNDS_AT_THE_END):
        (group,) = opened(webs, wechat, row, [leader])
        order = seat(last, row, group)
        (asked,) = ask_to_pay(webs, (last, order))
        if turn % 3 == 0:
            wechat.fault("pay_after_close")
        end = timezone.now() + timedelta(seconds=max(before_s, 0) + 0.03)
        Group.objects.filter(pk=group.pk).update(opened_at=end - HOUR, ends_at=end)
        Order.objects.filter(pk=order.pk).update(expires_at=end)
        webs.at_once(
            [],
            pays(wechat, last, asked, at=end - timedelta(seconds=before_s)),
            lambda end=end: sweep(groupbuy.end_due, end),
            lambda end=end: sweep(closing.close_expired, end),
        )
        wechat.clear_faults()
        taken = [row for row in wechat.transactions() if row["paid_at"] is not None]
        until(lambda taken=taken: Payment.objects.filter(status="CAPTURED").count() == len(taken))
        sweep(groupbuy.end_due, end)  # a group that was in hand is left to the next sweep
        group.refresh_from_db()
        seen[group.status] += 1
        before_s += -0.01 if group.status == "FORMED" else 0.01
        first = group.seats.get(member=group.leader_id).order
        formed = group.status == "FORMED"
        assert (told("GroupFormed", group), told("GroupFailed", group)) == ((1, 0) if formed else (0, 1))
        if formed:
            assert make_groups.statuses(first, order) == ["PAID", "PAID"]
        money = [row["out_trade_no"] for row in taken]
        for paid in Payment.objects.filter(
            payment_no__in=money, bill_no__in=[first.order_no, order.order_no]
        ):
            expected[paid.bill_no] = (39_00, 0 if formed else 39_00)
    post()
    assert in_wechats_books(wechat) == expected
    standing = Counter(Order.objects.values_list("activity__group_no", "status"))
    for group in Group.objects.all():
        statuses = {status: number for (of, status), number in standing.items() if of == group.group_no}
        assert statuses in (
            [{"PAID": 2}] if group.status == "FORMED" else [{"REFUNDED": 2}, {"REFUNDED": 1, "CLOSED": 1}]
        )
    check_books()
    assert set(seen) == {"FORMED", "FAILED"}
    report(f"{dict(seen)}; at last the payment came {before_s * 1000:.0f} ms before the end")


def test_without_the_groups_lock_a_payment_would_form_what_the_end_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = make_groups.campaign(make_groups.goods(50_00), {2: 39_00})
    group = make_groups.opened(row)
    last = make_groups.order(row, group=group)

    def plain(**of: Any) -> Group:
        seen = Group.objects.get(**of)
        all_answers([lambda: str(groupbuy.end_due(at=group.ends_at))])  # another process, at this moment
        return seen

    monkeypatch.setattr(groups, "locked", plain)
    make_groups.pay(last, at=group.ends_at - timedelta(milliseconds=1))
    assert (told("GroupFormed", group), told("GroupFailed", group)) == (1, 1)


def test_workers_killed_while_they_return_a_difference_return_it_once_in_the_end(
    webs: Webs, wechat: Sandbox
) -> None:
    row = make_groups.campaign(
        make_groups.goods(50_00, units=1_000), make_groups.THREE_OR_FIVE, **make_groups.today()
    )
    everybody = payers(wechat, 5)
    (group,) = opened(webs, wechat, row, everybody[:1])
    for person in everybody[1:]:
        join_and_pay(webs, wechat, person, group)
    group.refresh_from_db()
    assert (group.status, group.joined, Refund.objects.count()) == ("FORMED", 5, 0)
    paid = list(Order.objects.order_by("id"))
    lease = timedelta(minutes=10)  # so long nobody else takes what a worker has taken
    for turn, number in enumerate(
        KILLED_AT
    ):  # so many are returned when it must wait for the next, and is killed
        with transaction.atomic():
            Order.objects.select_for_update(no_key=True).get(pk=paid[number].pk)
            with programs.worker(wechat, later=turn * lease) as worker:
                until(
                    lambda returned=number: waiting_for_a_lock() and OrderRefund.objects.count() == returned
                )
                worker.kill()
                assert worker.wait(5) == -9
        until(lambda: not waiting_for_a_lock())
        assert OrderRefund.objects.count() == number
    post(later=len(KILLED_AT) * lease)
    expected = {order.order_no: (39_00, 4_00) for order in paid[:4]} | {paid[4].order_no: (35_00, 0)}
    assert in_wechats_books(wechat) == expected
    assert make_groups.statuses(*paid) == ["PAID"] * 5
    check_books()


def test_one_member_twenty_times_in_one_instant_has_one_place_in_a_group(webs: Webs) -> None:
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), {3: 39_00}, **make_groups.today())
    for number, person in enumerate(people(ROUNDS), start=1):
        group = make_groups.opened(row, at=timezone.now())
        said = {"kind": "group_buy", "id": row.pk, "group_no": group.group_no}
        asked = [clients.order(person, row.prices.get().sku_id, said, payable_fen=39_00) for _ in range(20)]
        answers = webs.at_once(asked)
        assert Counter(map(clients.said, answers)) == {"201": 1, "group_joined_already": 19}
        group.refresh_from_db()
        assert (group.held, Seat.objects.filter(member=person.member).count()) == (1, 1)
        assert Quota.objects.get().taken == 2 * number
    check_books()


# --- Flash sales: exactly so many, so many each, whatever happens to Redis or to a process.


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


def together_first(work: Callable[..., Any], *, threads: int) -> Callable[..., Any]:
    """Work that so many threads begin in one moment, each the first time that it comes to it."""
    arrived = threading.Barrier(threads)
    came = threading.local()

    def begin(*args: Any, **told: Any) -> Any:
        if not hasattr(came, "before"):
            came.before = True
            arrived.wait(30)
        return work(*args, **told)

    return begin


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


# --- Bargains: the sum is exact, one cut for each friend, one order for each run.


def bargain(**said: Any) -> Bargain:
    now = timezone.now()
    return make_bargain.bargain(
        make_bargain.pot(units=1_000), starts_at=now - HOUR, ends_at=now + HOUR, at=now - HOUR, **said
    )


def run_of(row: Bargain, person: Person) -> Run:
    return make_bargain.run(row, member_id=person.member.pk, at=timezone.now())


def test_twenty_friends_who_all_press_twice_in_one_instant_cut_exactly_to_the_floor(webs: Webs) -> None:
    row = bargain(helpers=20)
    owners, friends = people(ROUNDS), people(20 * ROUNDS)
    for turn, owner in enumerate(owners):
        run = run_of(row, owner)
        helpers = friends[20 * turn : 20 * turn + 20]
        helps = [Ask(person=friend, path=f"/bargain-runs/{run.bargain_no}/helps") for friend in helpers]
        answers = webs.at_once(helps + helps)
        assert Counter(map(clients.said, answers)) == {"201": 20, "bargain_helped_already": 20}
        run.refresh_from_db()
        assert (run.price_fen, run.helps) == (99_00, 20)
        given = Help.objects.filter(run=run, held=False)
        assert given.values("cut", "member").distinct().count() == given.count() == 20
        assert given.aggregate(fen=Sum("cut__amount_fen"))["fen"] == 100_00
        assert not Cut.objects.filter(run=run, taken=False).exists()


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_runs_lock_two_friends_would_take_the_same_cut(
    monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    run = make_bargain.run(make_bargain.bargain())
    friends = [make_bargain.member().pk for _ in range(2)]

    def help_run(member_id: int) -> str:
        bargains.help_run(bargain_no=run.bargain_no, member_id=member_id, at=make_bargain.NOW)
        return "helped"

    if not locked:
        seen = both_look_first(lambda no: Run.objects.select_related("bargain").get(bargain_no=no))
        monkeypatch.setattr(running, "_locked", seen)
    ended = at_once([lambda friend=friend: help_run(friend) for friend in friends])
    # A cut that is somebody's already is the last that the database refuses, as a fault.
    assert ended == ({"done": 2} if locked else {"done": 1, "IntegrityError": 1})


def test_two_orders_from_one_bargain_are_one(webs: Webs) -> None:
    row = bargain()
    everybody = people(ROUNDS)
    for number, person in enumerate(everybody, start=1):
        run = run_of(row, person)
        said = {"kind": "bargain", "id": run.bargain_no}
        asked = [clients.order(person, row.sku_id, said, payable_fen=199_00) for _ in range(2)]
        answers = webs.at_once(asked)
        assert Counter(map(clients.said, answers)) == {"201": 1, "bargain_closed": 1}
        run.refresh_from_db()
        assert (run.status, Order.objects.filter(member=person.member).count()) == (RunStatus.BOUGHT, 1)
        assert Quota.objects.get().taken == number
    check_books()


@pytest.mark.parametrize("looks", [True, False])
def test_without_a_look_at_the_run_as_it_is_now_one_bargain_would_be_bought_twice(
    monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    counter.freight(0)
    (person,) = people(1)
    run = run_of(bargain(limit_per_member=2), person)
    choice = Choice(
        items=((run.bargain.sku_id, 1),),
        address_id=person.address.pk,
        activity=activities.read({"kind": "bargain", "id": run.bargain_no}),
    )

    def place(key: str) -> str:
        placing.place(
            member=person.member,
            choice=choice,
            expected_payable_fen=199_00,
            idempotency_key=key,
            remark="",
            at=timezone.now(),
        )
        return "placed"

    priced = together_first(placing._write_at_a_free_place, threads=2)
    monkeypatch.setattr(placing, "_write_at_a_free_place", priced)
    if not looks:
        monkeypatch.setattr(buying, "_locked", lambda _: copy(run))
    ended = all_answers([lambda: place("first"), lambda: place("second")])
    assert ended == ({"placed": 1, "bargain_closed": 1} if looks else {"placed": 2})
