"""Withdrawals at WeChat, over the sandbox: one number for ever, whatever goes wrong on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.distribution.models import Promoter, Withdrawal
from apps.distribution.services import transferring
from apps.distribution.services.transferring import NotWaitingForUser
from apps.wechat import errors as wechat_errors
from apps.wechat.sandbox.control import Sandbox
from tests.apps.distribution import make
from tests.apps.distribution.make import NOW

pytestmark = pytest.mark.django_db

CREATE = "/v3/fund-app/mch-transfer/transfer-bills"
MINUTE = timedelta(minutes=1)
DAY_S = 24 * 3600


@pytest.fixture
def rich(wechat: Sandbox) -> Promoter:
    """A promoter whom WeChat knows, with 5,000 yuan."""
    make.set_rules(withdraw_min_fen=100, withdraw_max_per_day=9)
    promoter = make.promoter(make.member(openid=wechat.login("小满").openid))
    make.give(promoter, 500_000)
    return promoter


def started(who: Promoter, fen: int = 5_000, **more: Any) -> Withdrawal:
    row = make.withdraw(who, fen, **more)
    transferring.start(withdrawal_no=row.withdrawal_no, at=NOW)
    row.refresh_from_db()
    return row


def later(row: Withdrawal, minutes: float, *, limit: int = 9) -> str:
    """What the sweep makes of it so many minutes later."""
    transferring.carry_on(at=NOW + minutes * MINUTE, limit=limit)
    row.refresh_from_db()
    return str(row.status)


def creations(wechat: Sandbox) -> list[dict[str, Any]]:
    return [call for call in wechat.calls(CREATE) if call["method"] == "POST" and call["path"] == CREATE]


def test_it_waits_for_its_user_and_arrives_though_wechat_never_tells(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    assert (row.status, row.last_error, bool(row.package_info)) == ("CONFIRM", "", True)

    wechat.confirm_transfer(rich.member.openid, row.package_info)
    wechat.wait(lambda: [one for one in wechat.transfers() if one["state"] == "SUCCESS"])
    assert later(row, 2.9) == "CONFIRM"
    assert later(row, 3) == "DONE"
    assert make.money(rich) == {"available": 495_000, "withdrawn": 5_000}


def test_who_does_not_confirm_in_a_day_has_the_money_available_again(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    wechat.put_clock_ahead(DAY_S)

    assert later(row, 24 * 60) == "FAILED"
    assert row.reason == "超过 24 小时未确认收款，金额已退回"
    assert make.money(rich) == {"available": 500_000}


def test_without_the_merchants_money_it_stays_and_goes_later_under_the_same_number(
    rich: Promoter, wechat: Sandbox
) -> None:
    wechat.fault("transfer_not_enough", times=2)
    row = started(rich)
    assert (row.status, row.last_error) == ("PAYING", "商户账户余额不足，充值后会自动重试")

    assert later(row, 1.9) == "PAYING"
    assert len(creations(wechat)) == 1
    assert later(row, 2) == "PAYING"
    assert later(row, 6) == "CONFIRM"
    assert [one["out_bill_no"] for one in wechat.transfers()] == [row.withdrawal_no]
    assert make.money(rich)["withdrawing"] == 5_000


def test_one_that_wechat_only_accepted_is_created_again_under_its_number(
    rich: Promoter, wechat: Sandbox
) -> None:
    wechat.fault("transfer_accepted")
    row = started(rich)
    assert (row.status, row.wechat_state) == ("PAYING", "ACCEPTED")
    assert later(row, 0.5) == "CONFIRM"
    assert len(wechat.transfers()) == 1


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after_commit", "garbage", "wrong_signature"])
def test_after_an_unknown_outcome_wechat_is_asked_and_the_money_leaves_once(
    rich: Promoter, wechat: Sandbox, kind: str
) -> None:
    wechat.fault(kind, path=CREATE)
    row = started(rich)
    assert row.status == "PAYING"

    assert later(row, 1) == "CONFIRM"
    # Only creating tells the page that its user confirms on; it is the same transfer.
    assert [(one["out_bill_no"], one["package_info"]) for one in wechat.transfers()] == [
        (row.withdrawal_no, row.package_info)
    ]
    calls = [call["method"] for call in wechat.calls(CREATE)]
    assert calls == ["POST", "GET", "POST"]


def test_too_often_is_later(rich: Promoter, wechat: Sandbox) -> None:
    wechat.fault("http_status", path=CREATE, status=429, code="FREQUENCY_LIMITED")
    row = started(rich)
    assert row.status == "PAYING"
    assert later(row, 1) == "CONFIRM"


def test_a_shop_that_may_not_transfer_waits_until_it_may(rich: Promoter, wechat: Sandbox) -> None:
    wechat.fault("http_status", path=CREATE, status=403, code="NO_AUTH")
    row = started(rich)
    assert row.status == "PAYING"
    assert later(row, 1) == "CONFIRM"


def test_what_wechat_will_not_take_and_does_not_know_is_available_again(
    rich: Promoter, wechat: Sandbox, settings: Any
) -> None:
    settings.WECHATPAY_TRANSFER_REPORT = {"岗位类型": "推广员"}
    row = started(rich)
    assert (row.status, row.fail_reason, wechat.transfers()) == ("FAILED", "PARAM_ERROR", [])
    assert make.money(rich) == {"available": 500_000}


def test_a_refusal_of_what_wechat_has_under_other_parameters_does_not_give_the_money_back(
    rich: Promoter, wechat: Sandbox, settings: Any
) -> None:
    wechat.fault("timeout_after_commit", path=CREATE)
    row = started(rich)
    settings.WECHATPAY_TRANSFER_PERCEPTION = "企业补贴"

    assert later(row, 1) == "CONFIRM"
    assert (row.package_info, make.money(rich)["withdrawing"]) == ("", 5_000)


def test_its_name_arrives_also_at_the_second_try(rich: Promoter, wechat: Sandbox) -> None:
    make.set_rules(review_above_fen=400_000, second_person_above_fen=400_000)
    wechat.fault("timeout_after_commit", path=CREATE)
    row = started(rich, 200_000, real_name="张三丰")
    assert later(row, 1) == "CONFIRM"
    assert [one["real_name"] for one in wechat.transfers()] == ["张三丰"]


def test_a_name_sealed_for_wechats_old_key_is_asked_for_again(
    rich: Promoter, wechat: Sandbox, settings: Any
) -> None:
    make.set_rules(review_above_fen=400_000, second_person_above_fen=400_000)
    row = make.withdraw(rich, 200_000, real_name="张三丰")
    Withdrawal.objects.filter(pk=row.pk).update(name_key_id="PUB_KEY_ID_OLD")
    assert later(row, 0) == "FAILED"
    assert (row.reason, wechat.transfers()) == ("姓名需要重新填写，请重新提现", [])


def test_a_transfer_that_fails_says_why(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    wechat.fault("transfer_fail", reason="NAME_NOT_CORRECT")
    wechat.confirm_transfer(rich.member.openid, row.package_info)
    assert later(row, 3) == "FAILED"
    assert row.reason == "姓名与微信实名不一致，请核对后重新提现"


def test_what_waits_for_its_user_can_be_taken_back_by_the_shop(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    ended = transferring.cancel(withdrawal_no=row.withdrawal_no, at=NOW)
    assert (ended.status, ended.fail_reason) == ("FAILED", "MCH_CANCEL")
    assert make.money(rich) == {"available": 500_000}
    with pytest.raises(NotWaitingForUser):
        transferring.cancel(withdrawal_no=row.withdrawal_no, at=NOW)


def test_what_its_user_has_confirmed_cannot(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    wechat.confirm_transfer(rich.member.openid, row.package_info)
    with pytest.raises(wechat_errors.PayRefused):
        transferring.cancel(withdrawal_no=row.withdrawal_no, at=NOW)
    assert make.money(rich)["withdrawing"] == 5_000


def test_what_wechat_forgot_after_offering_it_is_not_sent_anew(rich: Promoter, wechat: Sandbox) -> None:
    row = started(rich)
    wechat.reset()
    assert later(row, 3) == "CONFIRM"
    assert (wechat.transfers(), "NOT_FOUND" in row.last_error) == ([], True)


def test_one_that_fails_oddly_keeps_no_other_from_going(rich: Promoter, wechat: Sandbox) -> None:
    odd, other = make.withdraw(rich, 5_000), make.withdraw(rich, 6_000)
    Withdrawal.objects.filter(pk=odd.pk).update(withdrawal_no="not a number of WeChat")
    assert transferring.carry_on(at=NOW) == 2
    other.refresh_from_db()
    assert other.status == "CONFIRM"


def test_where_wechat_is_away_a_sweep_gives_up_after_three(rich: Promoter, wechat: Sandbox) -> None:
    for fen in range(5_000, 5_005):
        make.withdraw(rich, fen)
    wechat.fault("timeout_before", times=9, path="/v3/*")
    assert transferring.carry_on(at=NOW) == 3
    wechat.clear_faults()
    assert transferring.carry_on(at=NOW + 3 * MINUTE) == 5
