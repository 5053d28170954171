"""Notifies: delivered on WeChat's schedule until accepted, and every way in which they can go wrong."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.exceptions import InvalidTag

from apps.wechat.sandbox import notifies
from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Merchant


def _pay(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, number: str = "SO20250101") -> str:
    openid = sandbox.login("小明").openid
    return sandbox.pay(openid, merchant.prepaid_params(openid, number, notify_url=doorstep.url))


def _settle(seconds: float = 0.3) -> None:
    """Give what should not come the time to come."""
    time.sleep(seconds)


def test_the_schedule_is_wechat_s_own() -> None:
    assert len(notifies.PAUSES_S) == 15
    assert sum(notifies.PAUSES_S) == 24 * 3600 + 4 * 60


def test_a_notify_is_repeated_until_the_shop_accepts_it(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    doorstep.answers = [500, 302, 204]
    _pay(sandbox, merchant, doorstep)
    arrived = doorstep.wait_for(3)
    notify = sandbox.wait_for_notify("SO20250101")
    assert [attempt["status"] for attempt in notify["attempts"]] == [500, 302, 204]
    assert len({json.loads(arrival.body)["id"] for arrival in arrived}) == 1
    first, second, third = (attempt["at"] for attempt in notify["attempts"])
    assert 0.15 <= second - first < 1  # 15 s at factor 0.01
    assert 0.15 <= third - second < 1
    _settle()
    assert len(doorstep.arrived) == 3


def test_a_notify_names_its_event_and_its_kind(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    _pay(sandbox, merchant, doorstep)
    (arrival,) = doorstep.wait_for(1)
    said = json.loads(arrival.body)
    assert (said["event_type"], said["resource_type"]) == ("TRANSACTION.SUCCESS", "encrypt-resource")
    assert said["resource"]["algorithm"] == "AEAD_AES_256_GCM"
    assert said["resource"]["original_type"] == said["resource"]["associated_data"] == "transaction"
    said["resource"]["associated_data"] = "refund"
    forged = type(arrival)("POST", "/", {}, {}, json.dumps(said).encode())
    with pytest.raises(InvalidTag):
        merchant.open_notify(forged)


def test_a_lost_notify_comes_only_when_it_is_sent_again(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.fault("notify_lost")
    _pay(sandbox, merchant, doorstep)
    _settle()
    assert (doorstep.arrived, sandbox.notifies()[0]["state"]) == ([], "LOST")
    sandbox.resend("SO20250101")
    doorstep.wait_for(1)


def test_a_notify_can_come_many_times(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.fault("notify_repeated", copies=4)
    _pay(sandbox, merchant, doorstep)
    arrived = doorstep.wait_for(5)
    assert {merchant.open_notify(arrival)["out_trade_no"] for arrival in arrived} == {"SO20250101"}
    _settle()
    assert len(doorstep.arrived) == 5


def test_a_notify_can_come_late(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.fault("notify_late", delay_s=0.5)
    paid_at = time.monotonic()
    _pay(sandbox, merchant, doorstep)
    doorstep.wait_for(1)
    assert time.monotonic() - paid_at >= 0.5


def test_a_payment_can_be_announced_after_its_refund(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.fault("notify_reordered")
    transaction_id = _pay(sandbox, merchant, doorstep)
    merchant.refund(transaction_id, "RF1", 1200, notify_url=doorstep.url)
    arrived = doorstep.wait_for(2)
    events = [json.loads(arrival.body)["event_type"] for arrival in arrived]
    assert events == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]


@pytest.mark.parametrize("kind", ["notify_wrong_signature", "notify_unknown_serial"])
def test_a_notify_that_wechat_did_not_sign(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, kind: str
) -> None:
    sandbox.fault(kind)
    doorstep.answers = [401]
    _pay(sandbox, merchant, doorstep)
    forged, true = doorstep.wait_for(2)
    assert not merchant.is_signed(forged.headers, forged.body)
    assert merchant.is_signed(true.headers, true.body)
    assert sandbox.notifies()[0]["attempts"][0]["note"] == kind


def test_a_probe_of_the_signature_check_comes_before_the_true_notify(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.fault("notify_signtest")
    doorstep.answers = [401]
    _pay(sandbox, merchant, doorstep)
    probe, true = doorstep.wait_for(2)
    assert probe.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
    assert not merchant.is_signed(probe.headers, probe.body)
    assert merchant.is_signed(true.headers, true.body)


def test_an_old_notify_is_truly_signed(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.fault("notify_old_timestamp")
    _pay(sandbox, merchant, doorstep)
    (arrival,) = doorstep.wait_for(1)
    assert merchant.is_signed(arrival.headers, arrival.body)
    assert time.time() - int(arrival.headers["wechatpay-timestamp"]) > 300


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("notify_wrong_amount", "amount", 1201),
        ("notify_wrong_currency", "currency", "USD"),
        ("notify_wrong_appid", "appid", "wx0000000000000000"),
        ("notify_wrong_mchid", "mchid", "1900000000"),
    ],
)
def test_a_notify_can_lie_under_a_true_signature_and_the_retry_says_the_truth(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, kind: str, field: str, value: object
) -> None:
    sandbox.fault(kind)
    doorstep.answers = [400]
    _pay(sandbox, merchant, doorstep)
    lie, truth = doorstep.wait_for(2)
    assert merchant.is_signed(lie.headers, lie.body)
    said = merchant.open_notify(lie)
    flat = said | {"amount": said["amount"]["total"], "currency": said["amount"]["currency"]}
    assert flat[field] == value
    assert merchant.open_notify(truth) == merchant.query("SO20250101")


def test_a_notify_of_rubbish(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.fault("notify_garbage", event="TRANSACTION.*")
    _pay(sandbox, merchant, doorstep)
    (arrival,) = doorstep.wait_for(1)
    assert merchant.is_signed(arrival.headers, arrival.body)
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(arrival.body.decode())


def test_a_fault_for_refunds_leaves_payments_alone(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.fault("notify_lost", event="REFUND.*")
    _pay(sandbox, merchant, doorstep)
    doorstep.wait_for(1)
    assert len(sandbox.faults()) == 1


def test_nothing_of_an_old_test_arrives_after_a_reset(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    doorstep.answers = [500]
    _pay(sandbox, merchant, doorstep)
    doorstep.wait_for(1)
    sandbox.reset()
    _settle()
    assert (len(doorstep.arrived), sandbox.notifies(), sandbox.transactions()) == (1, [], [])
