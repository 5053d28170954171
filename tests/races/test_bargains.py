"""Bargains under real threads on PostgreSQL: so many helps a day, and a price that stands still when it is bought.

Friends in one instant, and two orders from one run, are in ``test_bargains_at_once``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.bargain import services as bargains
from apps.bargain.models import Help, Run
from apps.bargain.states import RunStatus
from apps.checkout import activities, placing
from apps.checkout.quoting import Choice
from apps.orders.models import Order
from tests.apps.bargain import make
from tests.apps.bargain.make import NOW
from tests.apps.checkout import make as counter
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 20


def helping(run: Run, member_id: int) -> Callable[[], str]:
    def call() -> str:
        bargains.help_run(bargain_no=run.bargain_no, member_id=member_id, at=NOW)
        return "helped"

    return call


def test_one_friend_in_five_runs_at_once_helps_three_times_a_day():
    runs = [make.run(make.bargain()) for _ in range(5)]
    friend = make.member().pk
    outcome = all_answers([helping(run, friend) for run in runs])
    assert outcome == {"helped": 3, "bargain_helps_used_up": 2}
    assert Help.objects.count() == 3


def ordering(run: Run, buyer: Any, price_fen: int, key: str) -> Callable[[], str]:
    ticket = activities.read({"kind": "bargain", "id": run.bargain_no})
    choice = Choice(items=((run.bargain.sku_id, 1),), address_id=buyer[1].pk, activity=ticket)

    def call() -> str:
        placing.place(
            member=buyer[0],
            choice=choice,
            expected_payable_fen=price_fen,
            idempotency_key=key,
            remark="",
            at=NOW,
        )
        return "placed"

    return call


def test_an_order_and_a_cut_at_once_never_disagree_about_the_price():
    counter.freight(0)
    row = make.bargain()
    for round_ in range(ROUNDS):
        buyer = counter.buyer()
        run = make.run(row, member_id=buyer[0].pk)
        calls = [helping(run, make.member().pk), ordering(run, buyer, 199_00, f"cut-{round_}")]
        outcome = all_answers(calls)
        run.refresh_from_db()
        if outcome["placed"]:
            assert run.helps == 0
            assert Order.objects.get(order_no=run.order_no).goods_fen == 199_00
            assert outcome["bargain_closed"] == 1
        else:
            assert (outcome["helped"], outcome["price_changed"], run.status) == (1, 1, RunStatus.OPEN)
