"""Recharges under real threads: notify against query against close, credited once or given back once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.checkout import bills, closing, paying, recharging
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.payments.models import Payment, Refund
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Recharge
from apps.wallet.services import recharges
from tests.apps.members import make as members
from tests.apps.payments import make as money
from tests.apps.wallet.make import NOW, figures, operator, pack, placed
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def told(attempt: Payment, *, from_query: bool = False) -> Callable[[], str]:
    """WeChat's word about an attempt, as a notification brings it or as a question is answered."""
    said = money.paid(attempt)
    return lambda: paying.confirm_payment(transaction=said, at=NOW, from_query=from_query).outcome.value


def balance(recharge: Recharge) -> tuple[int, int, int, int]:
    return figures(Account.objects.get(member=recharge.member))


def test_notifications_and_answers_at_once_credit_a_recharge_once() -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge)

    ends = all_answers([*[told(attempt)] * 4, *[told(attempt, from_query=True)] * 4])

    assert ends == {"used": 1, "already": 7}
    assert balance(recharge) == (50_000, 5_000, 0, 0)
    assert Entry.objects.count() == 1
    assert Announcement.objects.filter(kind="WalletRecharged").count() == 1
    assert wallet_facts.unbalanced() == []


def test_without_the_lock_all_eight_would_have_found_it_unpaid() -> None:
    recharge = placed()
    gate = threading.Barrier(8)

    def look() -> str:
        seen = Recharge.objects.get(pk=recharge.pk).status
        gate.wait()
        return seen

    assert all_answers([look] * 8) == {"UNPAID": 8}


def test_two_payments_of_one_recharge_at_once_are_one_credit_and_one_back() -> None:
    recharge = placed()
    first = money.recharge_attempt(recharge, status="CLOSED", closed_at=NOW)
    second = money.recharge_attempt(recharge)

    assert all_answers([told(first), told(second)]) == {"used": 1, "surplus": 1}

    outbox.deliver_due(at=NOW)
    assert (balance(recharge), Refund.objects.get().amount_fen) == ((50_000, 5_000, 0, 0), 50_000)


def test_closing_and_paying_at_once_ends_in_one_of_two_honest_ways() -> None:
    ends: Counter[str] = Counter()
    for _ in range(6):
        recharge = placed()
        attempt = money.recharge_attempt(recharge, status="CLOSED", closed_at=NOW)

        def close(number: str = recharge.recharge_no) -> str:
            by = bills.By(actor=Actor.SYSTEM, why="超时未支付")
            return str(closing.give_up(kind=bills.RECHARGE, bill_no=number, by=by, at=NOW))

        answers = all_answers([told(attempt), close])
        outbox.deliver_due(at=NOW)

        recharge.refresh_from_db()
        back = sum(Refund.objects.filter(payment=attempt).values_list("amount_fen", flat=True))
        ends[recharge.status] += 1
        assert (recharge.status, set(answers), balance(recharge)[0], back) in [
            ("PAID", {"used", "False"}, 50_000, 0),
            ("CLOSED", {"surplus", "True"}, 0, 50_000),
        ]
    assert sum(ends.values()) == 6


def test_one_key_sent_by_eight_fingers_is_one_recharge() -> None:
    owner, bought = members.member(), pack()

    def place() -> str:
        return recharges.place(member=owner, pack_id=bought.pk, idempotency_key="k", at=NOW).recharge_no

    answers = all_answers([place] * 8)
    assert (len(answers), sum(answers.values())) == (1, 8)
    assert Recharge.objects.count() == 1


def test_placing_at_once_stays_within_the_packs_limit_and_the_accounts() -> None:
    owner, other = members.member(), members.member()
    limited, big = pack(10_000, 1_000, per_member=3), pack(200_000, 40_000)

    def place(member: Any, wanted: Any, key: int) -> Callable[[], object]:
        return lambda: recharges.place(member=member, pack_id=wanted.pk, idempotency_key=f"k{key}", at=NOW)

    assert at_once(place(owner, limited, n) for n in range(8)) == {"done": 3, "PackLimitReached": 5}
    assert at_once(place(other, big, n) for n in range(6)) == {"done": 2, "BalanceAboveLimit": 4}


def test_placing_and_an_operators_booking_at_once_never_pass_the_limit() -> None:
    owner, bought = members.member(), pack(per_member=1)
    calls = [
        lambda: recharges.place(member=owner, pack_id=bought.pk, idempotency_key="k", at=NOW),
        lambda: wallet.credit(member_id=owner.pk, pack_id=bought.pk, cause="operator:1", at=NOW),
    ]
    assert at_once(calls) == {"done": 1, "PackLimitReached": 1}


def test_refunds_and_an_order_at_once_never_take_the_same_fen() -> None:
    recharge = placed()
    paying.confirm_payment(transaction=money.paid(money.recharge_attempt(recharge)), at=NOW)
    who = operator()

    def refund(cause: str) -> Callable[[], str]:
        def call() -> str:
            recharging.refund(
                recharge_no=recharge.recharge_no,
                principal_fen=30_000,
                cause=cause,
                reason="",
                operator=who,
                at=NOW,
            )
            return "refunded"

        return call

    def order() -> str:
        with transaction.atomic():
            wallet.hold(order_no="SO1", member_id=recharge.member_id, amount_fen=33_000, at=NOW)
        return "held"

    ends = all_answers([refund("1"), refund("1"), refund("2"), order])

    recharge.refresh_from_db()
    if "held" in ends:
        # The order was first: 200.00 + 20.00 are free, and no refund of 300.00 fits.
        assert ends == {"held": 1, "recharge_refund_too_much": 3}
        assert balance(recharge) == (50_000, 5_000, 30_000, 3_000)
        assert Refund.objects.count() == 0
    else:
        # One refund was first, perhaps sent twice; the rest fits neither another nor the order.
        assert ends["balance_short"] == 1
        assert balance(recharge) == (20_000, 2_000, 0, 0)
        assert Refund.objects.get().amount_fen == 30_000
    assert wallet_facts.unbalanced() == []


def test_paying_closing_and_refunding_never_wait_in_a_circle() -> None:
    """Placing takes the account, paying and refunding the recharge and then the account: nobody deadlocks."""
    owner, bought = members.member(), pack(10_000, 1_000)
    made = [placed(owner, bought) for _ in range(6)]
    attempts = [money.recharge_attempt(recharge) for recharge in made]

    def place(key: int) -> Callable[[], str]:
        return lambda: (
            recharges.place(
                member=owner, pack_id=bought.pk, idempotency_key=f"late-{key}", at=NOW + timedelta(seconds=1)
            ).status
        )

    ends = all_answers([*[told(attempt) for attempt in attempts], *[place(key) for key in range(6)]])

    assert ends == {"used": 6, "UNPAID": 6}
    assert balance(made[0]) == (60_000, 6_000, 0, 0)
