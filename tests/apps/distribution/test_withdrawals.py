"""Withdrawals: who may take how much, who looks at it, what WeChat's word does to it, and what is never lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.models import Entry, Promoter, Withdrawal, WithdrawalStep
from apps.distribution.services import ledger, promoters, withdrawals
from apps.distribution.services.withdrawals import (
    RealNameRequired,
    SameOperator,
    TransferConflict,
    WithdrawalKeyReused,
    WithdrawalLimits,
)
from apps.outbox.models import Announcement
from apps.wechat.pay import transfers
from mall.lifecycle import MoveRefused
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, LATER, NOW
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich() -> Promoter:
    """A promoter with 5,000 yuan; from 200 yuan on one person looks, from 1,000 on two."""
    make.set_rules(withdraw_min_fen=100, withdraw_max_per_day=3)
    promoter = make.promoter()
    make.give(promoter, 500_000)
    return promoter


ask, told = make.withdraw, make.told


def test_a_small_withdrawal_goes_to_wechat_at_once_and_its_money_is_on_its_way(rich: Promoter) -> None:
    row = ask(rich, 5_000)

    assert (row.status, row.reviews_needed, row.due_at) == ("PAYING", 0, NOW)
    assert make.money(rich) == {"available": 495_000, "withdrawing": 5_000}
    assert make.story(row) == [("request", "REVIEW"), ("approve", "PAYING")]


def test_what_wechat_says_leads_to_the_end_and_the_money_is_withdrawn(rich: Promoter) -> None:
    row = ask(rich, 5_000)

    waiting = withdrawals.learn(transfer=told(row, "WAIT_USER_CONFIRM", package_info="P"), at=NOW)
    assert (waiting.status, waiting.package_info) == ("CONFIRM", "P")
    done = withdrawals.learn(transfer=told(row, "SUCCESS"), at=LATER)

    assert (done.status, done.package_info, done.due_at, done.ended_at) == ("DONE", "", None, LATER)
    assert make.money(rich) == {"available": 495_000, "withdrawn": 5_000}
    assert make.story(row)[2:] == [("offer", "CONFIRM"), ("arrive", "DONE")]
    news = Announcement.objects.filter(kind__startswith="Withdrawal").order_by("id")
    assert [(one.kind, one.payload.get("status")) for one in news] == [
        ("WithdrawalOffered", None),
        ("WithdrawalEnded", "DONE"),
    ]
    call_command("check_withdrawals")
    call_command("check_commissions")


def test_twenty_times_the_same_word_is_booked_once(rich: Promoter) -> None:
    row = ask(rich, 5_000)
    for _ in range(20):
        withdrawals.learn(transfer=told(row, "SUCCESS"), at=NOW)

    assert make.money(rich) == {"available": 495_000, "withdrawn": 5_000}
    assert Entry.objects.filter(business_key=f"{row.withdrawal_no}:commit").count() == 1


@pytest.mark.parametrize(
    ("state", "reason", "read"),
    [
        ("FAIL", "OVERDUE_CLOSE", "超过 24 小时未确认收款，金额已退回"),
        ("CANCELLED", "MCH_CANCEL", "商家已撤销，金额已退回"),
        ("FAIL", "A_WORD_OF_NEXT_YEAR", "微信未能完成转账，金额已退回"),
    ],
)
def test_what_fails_is_available_again_and_says_why(
    rich: Promoter, state: str, reason: str, read: str
) -> None:
    row = ask(rich, 5_000)
    failed = withdrawals.learn(transfer=told(row, state, fail_reason=reason), at=NOW)

    assert (failed.status, failed.fail_reason, failed.reason) == ("FAILED", reason, read)
    assert make.money(rich) == {"available": 500_000}


def test_money_that_comes_back_pays_the_debt_first(rich: Promoter) -> None:
    row = ask(rich, 20_000)
    make.owe(rich, 490_000)
    assert make.money(rich) == {"withdrawing": 20_000, "debt": 10_000}

    withdrawals.learn(transfer=told(row, "FAIL", fail_reason="OVERDUE_CLOSE"), at=NOW)
    assert make.money(rich) == {"available": 10_000}


@pytest.mark.parametrize(
    "wrong",
    [{"amount_fen": 4_999}, {"openid": "another"}, {"mchid": "1900000000"}, {"appid": "wx0000000000000000"}],
)
def test_wechats_word_about_another_amount_user_or_merchant_changes_nothing(
    rich: Promoter, wrong: dict[str, Any]
) -> None:
    row = ask(rich, 5_000)
    with pytest.raises(TransferConflict):
        withdrawals.learn(transfer=told(row, "SUCCESS", **wrong), at=NOW)
    row.refresh_from_db()
    assert (row.status, make.money(rich)["withdrawing"]) == ("PAYING", 5_000)


def test_a_failed_one_that_wechat_says_arrived_is_a_case_for_people(rich: Promoter) -> None:
    row = ask(rich, 5_000)
    withdrawals.learn(transfer=told(row, "FAIL"), at=NOW)
    with pytest.raises(TransferConflict):
        withdrawals.learn(transfer=told(row, "SUCCESS"), at=NOW)
    # What is only older news is none.
    withdrawals.learn(transfer=told(row, "WAIT_USER_CONFIRM"), at=NOW)
    assert make.money(rich) == {"available": 500_000}


def test_above_an_amount_somebody_looks_first(rich: Promoter) -> None:
    row = ask(rich, 20_001)
    assert (row.status, row.reviews_needed, row.due_at) == ("REVIEW", 1, None)

    passed = withdrawals.approve(withdrawal_no=row.withdrawal_no, operator=fulfillment.operator(), at=LATER)
    assert (passed.status, passed.due_at) == ("PAYING", LATER)


def test_above_another_amount_two_people_look_and_they_are_two(rich: Promoter) -> None:
    first, second = fulfillment.operator(), User.objects.create_user("乙")
    number = ask(rich, 100_001).withdrawal_no

    looked = withdrawals.approve(withdrawal_no=number, operator=first, at=NOW)
    assert (looked.status, looked.waits_for_second) == ("REVIEW", True)
    with pytest.raises(SameOperator):
        withdrawals.approve(withdrawal_no=number, operator=first, at=NOW)
    passed = withdrawals.approve(withdrawal_no=number, operator=second, at=NOW)

    assert (passed.status, passed.reviewed_by, passed.seconded_by) == ("PAYING", first, second)
    assert make.story(passed) == [("request", "REVIEW"), ("first", "REVIEW"), ("approve", "PAYING")]


def test_not_even_sql_makes_one_person_two(rich: Promoter) -> None:
    row = ask(rich, 100_001)
    one = fulfillment.operator()
    row = withdrawals.approve(withdrawal_no=row.withdrawal_no, operator=one, at=NOW)
    for wrong in ({"seconded_by": one}, {"status": "PAYING", "due_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Withdrawal.objects.filter(pk=row.pk).update(**wrong)


def test_a_rejected_one_is_available_again_and_says_why_and_nothing_more_happens_to_it(
    rich: Promoter,
) -> None:
    number = ask(rich, 20_001).withdrawal_no
    one = fulfillment.operator()
    rejected = withdrawals.reject(withdrawal_no=number, reason="资料不全", operator=one, at=NOW)

    assert (rejected.status, rejected.reason) == ("REJECTED", "资料不全")
    assert make.money(rich) == {"available": 500_000}
    with pytest.raises(MoveRefused):
        withdrawals.approve(withdrawal_no=number, operator=one, at=NOW)


def test_who_is_suspended_is_always_looked_at(rich: Promoter) -> None:
    promoters.move(promoter_id=rich.pk, move="suspend", at=NOW)
    assert ask(rich, 5_000).reviews_needed == 1


def test_the_same_key_is_the_same_withdrawal_and_another_amount_under_it_is_refused(rich: Promoter) -> None:
    first = ask(rich, 5_000, key="K")
    assert ask(rich, 5_000, key="K") == first
    with pytest.raises(WithdrawalKeyReused):
        ask(rich, 5_001, key="K")
    assert make.money(rich) == {"available": 495_000, "withdrawing": 5_000}


def test_the_same_key_with_another_name_is_another_request(rich: Promoter) -> None:
    first = ask(rich, 200_000, real_name="张三", key="K")
    assert ask(rich, 200_000, real_name=" 张三 ", key="K") == first
    with pytest.raises(WithdrawalKeyReused):
        ask(rich, 200_000, real_name="张四", key="K")
    withdrawals.reject(withdrawal_no=first.withdrawal_no, reason="…", operator=fulfillment.operator(), at=NOW)
    with pytest.raises(WithdrawalKeyReused):
        ask(rich, 200_000, real_name="张四", key="K")
    Withdrawal.objects.update(name_digest="")  # as those of before have none
    assert ask(rich, 200_000, real_name="张三", key="K") == first


def test_three_a_day_and_what_came_to_nothing_does_not_count(rich: Promoter) -> None:
    rows = [ask(rich, 5_000) for _ in range(3)]
    with pytest.raises(WithdrawalLimits) as refusal:
        ask(rich, 5_000)
    assert refusal.value.details == {"min_fen": 100, "max_per_day": 3, "used": 3}

    withdrawals.learn(transfer=told(rows[0], "FAIL"), at=NOW)
    ask(rich, 5_000)
    assert ask(rich, 5_000, at=NOW + DAY).status == "PAYING"


def test_less_than_the_least_and_more_than_there_is_are_refused_and_nothing_is_stored(rich: Promoter) -> None:
    with pytest.raises(WithdrawalLimits):
        ask(rich, 99)
    with pytest.raises(ledger.NotEnoughCommission):
        ask(rich, 500_001, real_name="张三丰")
    with pytest.raises(ledger.NotEnoughCommission):
        withdrawals.request(member=make.member(), amount_fen=500, idempotency_key="K", at=NOW)
    assert not Withdrawal.objects.exists()
    assert make.money(rich) == {"available": 500_000}


def test_below_what_wechat_takes_nobody_withdraws_whatever_the_rules_say(rich: Promoter) -> None:
    make.set_rules(withdraw_min_fen=1)
    with pytest.raises(WithdrawalLimits) as refusal:
        ask(rich, 29)
    assert refusal.value.details["min_fen"] == 30


def test_from_two_thousand_yuan_on_wechat_wants_the_name_and_nobody_else_can_read_it(rich: Promoter) -> None:
    with pytest.raises(RealNameRequired):
        ask(rich, 200_000)
    row = ask(rich, 200_000, real_name="张三丰")

    stored = {
        column: str(value) for column, value in Withdrawal.objects.filter(pk=row.pk).values()[0].items()
    }
    assert not any("三丰" in value for value in stored.values())
    assert (row.name_masked, len(row.name_sealed) > 300) == ("张**", True)
    rejected = withdrawals.reject(
        withdrawal_no=row.withdrawal_no, reason="…", operator=fulfillment.operator(), at=NOW
    )
    assert (rejected.name_sealed, rejected.name_masked) == ("", "张**")


def test_below_it_no_name_is_kept(rich: Promoter) -> None:
    row = ask(rich, 199_999, real_name="张三丰")
    assert (row.name_sealed, row.name_masked) == ("", "")


def test_the_story_cannot_be_rewritten(rich: Promoter) -> None:
    ask(rich, 5_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        WithdrawalStep.objects.update(note="x")


def test_the_check_finds_a_withdrawal_that_disagrees(rich: Promoter, capsys: Any) -> None:
    row = ask(rich, 5_000)
    Withdrawal.objects.filter(pk=row.pk).update(amount_fen=6_000)
    with pytest.raises(CommandError, match="2 withdrawals or accounts differ"):
        call_command("check_withdrawals")
    said = capsys.readouterr().out
    assert "withdrawing 5000 and withdrawn 0 but withdrawals of 6000 and 0" in said
    assert f"withdrawal {row.withdrawal_no}: PAYING of 6000 but booked hold 5000" in said


def test_a_done_one_of_which_wechat_never_said_so_is_found(rich: Promoter, capsys: Any) -> None:
    row = ask(rich, 5_000)
    withdrawals.learn(transfer=told(row, "SUCCESS"), at=NOW + timedelta(minutes=1))
    Withdrawal.objects.filter(pk=row.pk).update(wechat_state="WAIT_USER_CONFIRM")
    with pytest.raises(CommandError):
        call_command("check_withdrawals")
    assert "DONE but WeChat said WAIT_USER_CONFIRM" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("WAIT_USER_CONFIRM", "待用户确认收款（WAIT_USER_CONFIRM）"),
        ("SUCCESS", "转账成功（SUCCESS）"),
        ("ANEW", "ANEW"),
        ("", "—"),
    ],
)
def test_operators_read_in_words_where_a_transfer_stands(
    rich: Promoter, admin_client: Client, state: str, said: str
) -> None:
    row = ask(rich, 5_000)
    Withdrawal.objects.filter(pk=row.pk).update(wechat_state=state)
    page = admin_client.get(f"/admin/distribution/withdrawal/{row.pk}/change/").text
    assert re.search(rf"微信状态\s*<.*?>\s*{re.escape(said)}\s*<", page, re.DOTALL)


def test_every_word_of_wechats_that_the_shop_acts_on_has_its_chinese() -> None:
    known = {transfers.ENDED_WELL} | transfers.ENDED_BADLY | transfers.UNDER_WAY | transfers.WITH_THE_USER
    assert all(withdrawal_facts.wechat_told(state) != state for state in known)
