"""Bargains whose friends, and whose buyers, come in one instant, on two web processes: one sum, one order for each run.

The suite runs fewer rounds than ``make races`` (RACES=full), which runs as many as we promise. Beside each race stands the
same one in threads, by our own code without the one lock or guard that decides it: there it is lost. So the race would
see it if ours were.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.bargain import services as bargains
from apps.bargain.models import Bargain, Cut, Help, Run
from apps.bargain.services import buying, running
from apps.bargain.states import RunStatus
from apps.campaigns.models import Quota
from apps.checkout import activities, placing
from apps.checkout.quoting import Choice
from apps.orders.models import Order
from tests.apps.bargain import make as make_bargain
from tests.apps.checkout import make as counter
from tests.races import clients
from tests.races.clients import Ask, Person, Webs, people
from tests.races.stage import HOUR, ROUNDS, both_look_first, check_books, together_first
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


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
        monkeypatch.setattr(
            running, "_locked", lambda no: Run.objects.select_related("bargain").get(bargain_no=no)
        )
        monkeypatch.setattr(running, "_next_cut", both_look_first(running._next_cut))
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
