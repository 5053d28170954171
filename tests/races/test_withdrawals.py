"""Withdrawals under real threads on PostgreSQL: the money once, one decision, one end, a refund that comes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command

from apps.distribution.models import Account, Entry, Promoter, Withdrawal
from apps.distribution.services import ledger, settlement, takebacks, transferring, withdrawals
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, LATER, NOW
from tests.apps.fulfillment import make as fulfillment
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.fixture(autouse=True)
def _rules() -> None:
    make.set_rules(withdraw_min_fen=100, withdraw_max_per_day=99)


def asking(who: Promoter, fen: int, key: str) -> Callable[[], str]:
    return lambda: str(
        withdrawals.request(member=who.member, amount_fen=fen, idempotency_key=key, at=NOW).status
    )


def rich(fen: int = 5_000, **columns: Any) -> Promoter:
    promoter = make.promoter(make.member(**columns))
    make.give(promoter, fen)
    return promoter


def checked() -> None:
    call_command("check_withdrawals")
    call_command("check_commissions")


def test_ten_withdraw_all_at_once_and_one_has_it() -> None:
    for _ in range(ROUNDS):
        promoter = rich()
        outcome = all_answers([asking(promoter, 5_000, f"K{number}") for number in range(10)])
        assert outcome == {"PAYING": 1, "not_enough_commission": 9}
        assert make.money(promoter) == {"withdrawing": 5_000}
    checked()


def test_without_the_accounts_lock_the_guard_of_the_ledger_is_all_that_is_left() -> None:
    """Nobody gets more than there is even then, but all who lose are told of a conflict instead of what there is."""
    promoter = rich()
    unlocked = lambda *, promoter_id: Account.objects.get(promoter_id=promoter_id)  # noqa: E731
    with patch.object(ledger, "locked", unlocked):
        outcome = all_answers([asking(promoter, 5_000, f"K{number}") for number in range(10)])
    assert outcome["PAYING"] == 1
    assert outcome["commission_conflict"] >= 1
    assert make.money(promoter) == {"withdrawing": 5_000}


def test_one_request_that_is_sent_ten_times_is_one_withdrawal() -> None:
    for _ in range(ROUNDS):
        promoter = rich(50_000)
        outcome = all_answers([asking(promoter, 5_000, "K")] * 10)
        assert outcome == {"PAYING": 10}
        assert Withdrawal.objects.filter(promoter=promoter).count() == 1
        assert make.money(promoter) == {"available": 45_000, "withdrawing": 5_000}


def test_a_withdrawal_and_a_refund_at_once_end_in_a_debt_or_in_too_little_and_never_in_money_from_nowhere() -> (
    None
):
    counter.freight(0)
    for _ in range(ROUNDS):
        promoter, cup = make.promoter(), counter.goods(5_000)
        buyer = counter.buyer()
        make.bind(buyer[0], promoter)
        order = make.paid(buyer, [(cup, 1)])
        make.receive(order)
        settlement.settle_due(at=NOW + 30 * DAY)
        assert make.money(promoter) == {"available": 500}
        sale.refund(order, {cup: 1}, at=LATER)

        def take_back(order_no: str = order.order_no) -> str:
            takebacks.take_back(order_no=order_no, at=LATER)
            return "taken back"

        outcome = all_answers([asking(promoter, 500, "K"), take_back])
        assert outcome["taken back"] == 1
        left = {"withdrawing": 500, "debt": 500} if outcome["PAYING"] else {}
        assert make.money(promoter) == left
        if left:
            row = Withdrawal.objects.get(promoter=promoter)
            withdrawals.learn(transfer=make.told(row, "FAIL", fail_reason="OVERDUE_CLOSE"), at=LATER)
            assert make.money(promoter) == {}
    checked()


def test_one_lets_pass_while_another_rejects_and_one_of_both_is_told_no() -> None:
    for _ in range(ROUNDS):
        promoter = rich(50_000)
        number = make.withdraw(promoter, 30_000).withdrawal_no

        def act(call: Callable[..., Withdrawal], number: str = number, **more: Any) -> str:
            return str(call(withdrawal_no=number, operator=fulfillment.operator(), at=NOW, **more).status)

        outcome = all_answers(
            [partial(act, withdrawals.approve), partial(act, withdrawals.reject, reason="…")]
        )
        assert outcome["move_refused"] == 1
        (status,) = set(outcome) - {"move_refused"}
        kept = {"PAYING": {"available": 20_000, "withdrawing": 30_000}, "REJECTED": {"available": 50_000}}
        assert make.money(promoter) == kept[status]
    checked()


def test_notify_and_query_tell_the_end_at_once_and_it_is_booked_once() -> None:
    for _ in range(ROUNDS):
        promoter = rich()
        row = make.withdraw(promoter, 5_000)

        def learn(row: Withdrawal = row) -> str:
            return str(withdrawals.learn(transfer=make.told(row, "SUCCESS"), at=NOW).status)

        assert all_answers([learn] * 10) == {"DONE": 10}
        assert Entry.objects.filter(business_key=f"{row.withdrawal_no}:commit").count() == 1
        assert make.money(promoter) == {"withdrawn": 5_000}


def test_the_door_and_two_sweeps_hand_one_withdrawal_to_wechat_once(wechat: Sandbox) -> None:
    promoter = rich(openid=wechat.login("小满").openid)
    row = make.withdraw(promoter, 5_000)

    def start() -> str:
        transferring.start(withdrawal_no=row.withdrawal_no, at=NOW)
        return "started"

    def sweep() -> str:
        return str(transferring.carry_on(at=NOW))

    all_answers([start, sweep, sweep])
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("CONFIRM", 1)
    assert len([call for call in wechat.calls("/v3/fund-app") if call["method"] == "POST"]) == 1
