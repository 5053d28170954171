"""商家转账, client and sandbox over the real wire: created, confirmed, lapsed, cancelled, and every bad day of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import transfers
from apps.wechat.sandbox.control import ControlRefused, Sandbox
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client.scripted import Script, signed

NUMBER = "WD260101K7M2ABCDEFGH"
NOTIFY_URL = "http://127.0.0.1:9/wechat/transfer/notify"  # nobody listens: these tests ask instead of hearing
DAY_S = 24 * 3600
CREATE = "/v3/fund-app/mch-transfer/transfer-bills"


def transfer(openid: str, **changes: Any) -> transfers.Transfer:
    asked: dict[str, Any] = {
        "out_bill_no": NUMBER,
        "amount_fen": 5_000,
        "openid": openid,
        "remark": "佣金提现",
        "notify_url": NOTIFY_URL,
        "name": None,
    }
    return transfers.create(**asked | changes)


def state() -> str:
    return transfers.query(out_bill_no=NUMBER).state


def test_a_transfer_waits_for_its_user_who_confirms_it_and_has_the_money(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid

    made = transfer(openid)
    assert made.state == "WAIT_USER_CONFIRM"
    assert made.package_info
    asked = transfers.query(out_bill_no=NUMBER)
    assert (asked.state, asked.amount_fen, asked.openid) == ("WAIT_USER_CONFIRM", 5_000, openid)
    assert asked.package_info is None
    assert asked.transfer_bill_no == made.transfer_bill_no

    assert sandbox.confirm_transfer(openid, made.package_info) == "TRANSFERING"
    sandbox.wait(lambda: [1] if state() == "SUCCESS" else [])


def test_nobody_else_confirms_it_and_nobody_twice(sandbox: Sandbox) -> None:
    openid, other = sandbox.login("小明").openid, sandbox.login("小红").openid
    package_info = transfer(openid).package_info or ""

    with pytest.raises(ControlRefused, match="收款用户"):
        sandbox.confirm_transfer(other, package_info)
    sandbox.confirm_transfer(openid, package_info)
    with pytest.raises(ControlRefused, match="正在到账"):
        sandbox.confirm_transfer(openid, package_info)


def test_the_same_number_is_the_same_transfer_also_with_the_name_sealed_anew(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    first = transfer(openid, amount_fen=200_000, name=transfers.sealed_name("张三丰"))
    again = transfer(openid, amount_fen=200_000, name=transfers.sealed_name("张三丰"))

    assert (again.transfer_bill_no, again.package_info) == (first.transfer_bill_no, first.package_info)
    assert [(row["real_name"], row["amount_fen"]) for row in sandbox.transfers()] == [("张三丰", 200_000)]


def test_a_name_travels_sealed(sandbox: Sandbox) -> None:
    transfer(sandbox.login("小明").openid, amount_fen=200_000, name=transfers.sealed_name("张三丰"))

    [call] = sandbox.calls(CREATE)
    assert "张三丰" not in call["request"]
    assert '"user_name"' in call["request"]


def test_the_same_number_with_another_amount_is_refused_and_only_a_question_tells_why(
    sandbox: Sandbox,
) -> None:
    openid = sandbox.login("小明").openid
    transfer(openid)

    with pytest.raises(wechat_errors.PayRequestInvalid):
        transfer(openid, amount_fen=5_001)
    assert transfers.query(out_bill_no=NUMBER).amount_fen == 5_000


def test_an_unknown_number_is_not_found(sandbox: Sandbox) -> None:
    with pytest.raises(wechat_errors.PayOrderNotFound):
        transfers.query(out_bill_no=NUMBER)


def test_who_does_not_confirm_within_a_day_gets_nothing(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    package_info = transfer(openid).package_info or ""
    sandbox.put_clock_ahead(DAY_S)

    ended = transfers.query(out_bill_no=NUMBER)
    assert (ended.state, ended.fail_reason) == ("FAIL", "OVERDUE_CLOSE")
    with pytest.raises(ControlRefused):
        sandbox.confirm_transfer(openid, package_info)


def test_without_money_there_is_no_transfer_and_the_number_is_good_later(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("transfer_not_enough")

    with pytest.raises(wechat_errors.NotEnoughBalance):
        transfer(openid)
    with pytest.raises(wechat_errors.PayOrderNotFound):
        transfers.query(out_bill_no=NUMBER)
    assert transfer(openid).state == "WAIT_USER_CONFIRM"


def test_one_that_was_only_accepted_goes_on_when_it_is_created_again(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("transfer_accepted")

    assert (transfer(openid).state, state()) == ("ACCEPTED", "ACCEPTED")
    assert transfer(openid).state == "WAIT_USER_CONFIRM"
    assert len(sandbox.transfers()) == 1


def test_too_many_calls_are_to_come_later(sandbox: Sandbox) -> None:
    sandbox.fault("http_status", path=CREATE, status=429, code="FREQUENCY_LIMITED")

    with pytest.raises(wechat_errors.WechatBusy):
        transfer(sandbox.login("小明").openid)


def test_an_answer_that_never_came_leaves_open_what_happened_and_a_question_tells(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("timeout_after_commit", path=CREATE)

    with pytest.raises(wechat_errors.WechatUnavailable) as unknown:
        transfer(openid)
    assert unknown.value.effect_unknown
    assert state() == "WAIT_USER_CONFIRM"


def test_a_transfer_fails_with_wechats_reason(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    package_info = transfer(openid).package_info or ""
    sandbox.fault("transfer_fail", reason="NAME_NOT_CORRECT")

    assert sandbox.confirm_transfer(openid, package_info) == "FAIL"
    assert transfers.query(out_bill_no=NUMBER).fail_reason == "NAME_NOT_CORRECT"


def test_what_waits_for_its_user_can_be_cancelled_and_what_arrived_cannot(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    transfer(openid)

    transfers.cancel(out_bill_no=NUMBER)
    ended = transfers.query(out_bill_no=NUMBER)
    assert (ended.state, ended.fail_reason) == ("CANCELLED", "MCH_CANCEL")
    with pytest.raises(wechat_errors.PayRefused):
        transfers.cancel(out_bill_no=NUMBER)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("WECHATPAY_TRANSFER_REPORT", {"岗位类型": "推广员"}),
        ("WECHATPAY_TRANSFER_REPORT", {"岗位类型": "推广员", "赔付原因": "无"}),
        ("WECHATPAY_TRANSFER_PERCEPTION", "退款"),
    ],
)
def test_a_scene_wants_all_that_it_reports_and_nothing_else(
    sandbox: Sandbox, settings: Any, setting: str, value: Any
) -> None:
    setattr(settings, setting, value)

    with pytest.raises(wechat_errors.PayRequestInvalid):
        transfer(sandbox.login("小明").openid)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_fen": 0},
        {"amount_fen": 200_000},
        {"out_bill_no": "WD_1"},
        {"out_bill_no": "W" * 33},
        {"amount_fen": 200_000, "name": transfers.SealedName("x", "PUB_KEY_ID_another")},
    ],
)
def test_what_wechat_would_never_take_is_not_sent(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"transfer|sealed"):
        transfer("oX", **wrong)
    assert sandbox.calls(CREATE) == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("name", ["", "长" * 67])
def test_a_name_that_cannot_be_sealed_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 200 bytes"):
        transfers.sealed_name(name)


def test_an_answer_about_another_transfer_is_not_believed(wechat: Script, account: Identity) -> None:
    wechat.say(signed(account, b'{"out_bill_no":"WD2","state":"SUCCESS"}'))
    with pytest.raises(wechat_errors.WechatBadAnswer) as fault:
        transfer("oX")
    assert fault.value.effect_unknown
