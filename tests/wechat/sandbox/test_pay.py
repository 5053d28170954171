"""WeChat Pay as the sandbox plays it: signatures, orders, numbers, refunds."""

from __future__ import annotations

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Merchant


def test_an_order_is_prepaid_paid_notified_and_queried(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    xiaoming = sandbox.login("小明")
    params = merchant.prepaid_params(xiaoming.openid, "SO20250101", notify_url=doorstep.url, attach="a b")
    assert merchant.query("SO20250101")["trade_state"] == "NOTPAY"
    transaction_id = sandbox.pay(xiaoming.openid, params)
    (arrival,) = doorstep.wait_for(1)
    assert merchant.is_signed(arrival.headers, arrival.body)
    said = merchant.open_notify(arrival)
    assert said == merchant.query("SO20250101")
    assert said["trade_state"] == "SUCCESS"
    assert said["transaction_id"] == transaction_id
    assert said["payer"] == {"openid": xiaoming.openid}
    assert said["amount"] == {"total": 1200, "payer_total": 1200, "currency": "CNY", "payer_currency": "CNY"}
    assert (said["attach"], said["mchid"], said["appid"]) == (
        "a b",
        merchant.numbers.mchid,
        merchant.numbers.appid,
    )
    assert sandbox.wait_for_notify("SO20250101")["event"] == "TRANSACTION.SUCCESS"
    target = f"/v3/pay/transactions/id/{transaction_id}?mchid={merchant.numbers.mchid}"
    assert merchant.call("GET", target).json() == said
