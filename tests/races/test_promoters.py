"""Promoters under real threads on PostgreSQL: one inviter each, no ring, one row a level, money once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Bond, BondChange, Commission, Contest, Entry, Prize, Promoter, Winner
from apps.distribution.services import (
    bindings,
    commissions,
    leaderboard,
    ledger,
    promoters,
    settlement,
    takebacks,
)
from apps.members.models import Member
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, LATER, NOW
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


def binding(member: Member, to: Promoter) -> Callable[[], str]:
    def call() -> str:
        bindings.bind_by_code(member_id=member.pk, code=to.code, at=NOW)
        return "bound"

    return call


def test_two_inviters_bind_one_newcomer_at_once_and_one_has_them():
    make.set_rules()
    both = [make.promoter(), make.promoter()]
    for _ in range(ROUNDS):
        newcomer = make.member()
        outcome = all_answers([binding(newcomer, promoter) for promoter in both])
        assert outcome == {"bound": 1, "binding_refused": 1}
        assert Bond.objects.filter(member=newcomer).count() == 1
        assert BondChange.objects.filter(member=newcomer).count() == 1


def a_and_b_bind_each_other() -> int:
    """How many edges are there when A binds B while B binds A."""
    a, b = make.promoter(), make.promoter()
    all_answers([binding(a.member, b), binding(b.member, a)])
    return Bond.objects.filter(member__in=[a.member, b.member]).count()


def test_a_binds_b_while_b_binds_a_and_there_is_one_edge():
    make.set_rules()
    assert [a_and_b_bind_each_other() for _ in range(ROUNDS)] == [1] * ROUNDS


def test_without_the_lock_of_edges_a_and_b_would_be_each_others_inviters():
    make.set_rules()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('distribution_refuse_ring'::regproc)")
        guarded = cursor.fetchone()[0]
        # Who was going to wait for the others' edges waits for the clock, so that both look before either writes.
        cursor.execute(
            guarded.replace("pg_advisory_xact_lock(hashtext('distribution_bond'))", "pg_sleep(0.0)").replace(
                "RETURN NEW;", "PERFORM pg_sleep(0.3); RETURN NEW;"
            )
        )
    try:
        assert a_and_b_bind_each_other() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute(guarded)


def test_a_ring_of_three_is_not_closed_by_three_at_once():
    make.set_rules()
    for _ in range(ROUNDS):
        a, b, c = (make.promoter() for _ in range(3))
        all_answers([binding(b.member, a), binding(c.member, b), binding(a.member, c)])
        assert Bond.objects.filter(member__in=[a.member, b.member, c.member]).count() == 2


def test_who_becomes_a_promoter_while_being_bound_closes_no_ring():
    make.set_rules()
    for _ in range(ROUNDS):
        promoter, newcomer = make.promoter(), make.member()

        def turn(newcomer: Member = newcomer, promoter: Promoter = promoter) -> str:
            mine = promoters.appoint(member_id=newcomer.pk, at=NOW)
            bindings.bind_by_code(member_id=promoter.member_id, code=mine.code, at=NOW)
            return "bound"

        all_answers([binding(newcomer, promoter), turn])
        assert Bond.objects.filter(member__in=[promoter.member, newcomer]).count() == 1


def test_the_news_of_a_payment_twenty_times_at_once_is_one_row_a_level():
    make.set_rules()
    counter.freight(0)
    first, second, buyer = make.chain()
    order = make.sale.paid(buyer, [(counter.goods(1000), 1)])
    at_once([lambda: commissions.accrue(order_no=order.order_no, at=NOW)] * 20)
    assert (make.amounts(second), make.amounts(first)) == ([100], [50])
    assert Entry.objects.count() == 2
    assert make.money(second) == {"pending": 100}


def test_a_refund_told_while_the_payment_is_told_is_taken_once():
    make.set_rules()
    counter.freight(0)
    _, second, buyer = make.chain()
    cup = counter.goods(1000)
    for _ in range(ROUNDS):
        order = make.sale.paid(buyer, [(cup, 2)])
        make.sale.refund(order, {cup: 1})
        calls = [lambda order=order: commissions.accrue(order_no=order.order_no, at=NOW)] * 3
        calls += [lambda order=order: takebacks.take_back(order_no=order.order_no, at=NOW)] * 3
        assert at_once(calls) == {"done": 6}
        rows = Commission.objects.filter(order_no=order.order_no, promoter=second).order_by("id")
        assert list(rows.values_list("amount_fen", flat=True)) == [200, -100]
    assert promoter_facts.unbalanced_accounts() == []


def test_a_withdrawal_while_a_refund_takes_back_leaves_nothing_below_zero():
    make.set_rules(freeze_days=0)
    counter.freight(0)
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    for number in range(ROUNDS):
        order = make.paid(buyer, [(cup, 1)])
        make.receive(order)
        make.sale.refund(order, {cup: 1})
        at_once(
            [
                lambda n=number: ledger.hold(
                    promoter_id=promoter.pk, amount_fen=100, business_key=f"WD{n}", at=LATER
                ),
                lambda order=order: takebacks.take_back(order_no=order.order_no, at=LATER),
            ]
        )
    assert promoter_facts.unbalanced_accounts() == []
    sums = make.money(promoter)
    assert sums.get("withdrawing", 0) == sums.get("debt", 0) + sums.get("available", 0)


def test_ten_withdrawals_of_everything_at_once_are_one():
    promoter = make.promoter()
    make.give(promoter, 1000)
    calls = [
        lambda n=n: ledger.hold(promoter_id=promoter.pk, amount_fen=1000, business_key=f"WD{n}", at=NOW)
        for n in range(10)
    ]
    assert at_once(calls) == {"done": 1, "NotEnoughCommission": 9}
    assert make.money(promoter) == {"withdrawing": 1000}


def test_four_sweeps_at_once_and_refunds_beside_them_settle_everything_once():
    make.set_rules()
    counter.freight(0)
    buyers = [make.chain() for _ in range(4)]
    cup = counter.goods(1000, units=1000)
    orders = [make.paid(buyer, [(cup, 2)]) for _, _, buyer in buyers for _ in range(3)]
    for order in orders:
        make.receive(order)
        make.sale.refund(order, {cup: 1})
    at = LATER + 6 * DAY
    sweeps = [lambda: settlement.settle_due(at=at, batch=2)] * 4
    backs = [lambda order=order: takebacks.take_back(order_no=order.order_no, at=at) for order in orders]

    def settled(sweep: Callable[[], object]) -> Callable[[], str]:
        return lambda: "done" if sweep() is not None else ""

    assert all_answers([settled(each) for each in [*sweeps, *backs]]) == {"done": len(orders) + 4}
    settlement.settle_due(at=at)
    assert promoter_facts.unbalanced_accounts() == []
    for first, second, _ in buyers:
        assert (make.money(second), make.money(first)) == ({"available": 300}, {"available": 150})


def test_a_contest_is_rewarded_once_by_five_at_once():
    make.set_rules()
    counter.freight(0)
    _, second, buyer = make.chain()
    make.paid(buyer, [(counter.goods(1000), 1)])
    contest = Contest.objects.create(title="周榜", starts_at=NOW - DAY, ends_at=NOW + DAY, wait_days=0)
    Prize.objects.create(contest=contest, first_place=1, last_place=3, reward_fen=5000)
    at = NOW + timedelta(days=2)
    all_answers([lambda: str(leaderboard.reward_due(at=at))] * 5)
    assert Winner.objects.count() == 1
    assert make.money(second) == {"pending": 100, "available": 5000}
