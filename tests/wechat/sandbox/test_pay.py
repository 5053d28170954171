"""WeChat Pay as the sandbox plays it: signed calls and answers, order numbers, closing, refunds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from apps.wechat.sandbox.control import PaymentFailed, Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Json, Merchant

CERTIFICATES = "/v3/certificates"


def _paid(sandbox: Sandbox, merchant: Merchant, number: str, **changed: Any) -> str:
    """Let 小明 pay a new order of 12.00 yuan; returns the transaction id."""
    openid = sandbox.login("小明").openid
    return sandbox.pay(openid, merchant.prepaid_params(openid, number, **changed))


def _error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


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


@pytest.mark.parametrize(
    "said",
    [
        {"mchid": "1900000001"},
        {"serial_no": "0" * 40},
        {"timestamp": "now"},
        {"signature": "AAAA"},
        {"nonce_str": ""},
    ],
)
def test_a_call_that_the_merchant_did_not_sign_is_refused(merchant: Merchant, said: Json) -> None:
    answer = merchant.call("GET", CERTIFICATES, said=said)
    assert _error(answer) == (401, "SIGN_ERROR")
    assert merchant.is_signed(answer.headers, answer.content)


@pytest.mark.parametrize("seconds_off", [-400, 900])
def test_a_call_that_was_not_signed_just_now_is_refused(merchant: Merchant, seconds_off: int) -> None:
    signed_at = int(time.time()) + seconds_off  # now, not when the tests were collected
    answer = merchant.call("GET", CERTIFICATES, said={"timestamp": str(signed_at)})
    assert _error(answer) == (401, "SIGN_ERROR")
    assert merchant.is_signed(answer.headers, answer.content)


def test_the_signature_covers_path_query_and_body(merchant: Merchant) -> None:
    good = merchant.authorization("GET", "/v3/pay/transactions/id/1?mchid=1", "")
    for target, body in (
        ("/v3/pay/transactions/id/1?mchid=2", ""),
        ("/v3/pay/transactions/id/1?mchid=1", "{}"),
    ):
        answer = requests.get(
            merchant.base_url + target, data=body, headers={"Authorization": good}, timeout=10
        )
        assert _error(answer) == (401, "SIGN_ERROR")


def test_a_request_is_not_accepted_twice(merchant: Merchant) -> None:
    headers = {"Authorization": merchant.authorization("GET", CERTIFICATES, "")}
    url = merchant.base_url + CERTIFICATES
    assert _error(requests.get(url, headers=headers, timeout=10)) == (404, "RESOURCE_NOT_EXISTS")
    assert _error(requests.get(url, headers=headers, timeout=10)) == (401, "SIGN_ERROR")


def test_every_answer_is_signed_also_204_and_errors(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    prepaid = merchant.prepay(openid, "SO20250101")
    closed = merchant.close("SO20250101")
    unknown = merchant.close("SO99999999")
    nowhere = merchant.call("GET", "/v3/nowhere")
    assert [answer.status_code for answer in (prepaid, closed, unknown, nowhere)] == [200, 204, 404, 404]
    assert closed.content == b""
    for answer in (prepaid, closed, unknown, nowhere):
        assert merchant.is_signed(answer.headers, answer.content)
        assert answer.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"


def test_the_same_number_with_the_same_parameters_gives_another_prepay_id(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    openid = sandbox.login("小明").openid
    first, second = merchant.prepay(openid, "SO20250101").json(), merchant.prepay(openid, "SO20250101").json()
    assert first["prepay_id"] != second["prepay_id"]
    assert len(sandbox.transactions()) == 1
    sandbox.pay(openid, merchant.payment_params(first["prepay_id"]))
    with pytest.raises(PaymentFailed):
        sandbox.pay(openid, merchant.payment_params(second["prepay_id"]))


def test_a_number_cannot_change_its_parameters_nor_be_used_again(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    openid = sandbox.login("小明").openid
    merchant.prepay(openid, "SO20250101")
    changed = merchant.prepay(openid, "SO20250101", amount={"total": 1100, "currency": "CNY"})
    assert _error(changed) == (400, "INVALID_REQUEST")
    assert changed.json()["message"] == "请求重入时，参数与首次请求时不一致"
    merchant.close("SO20250101")
    assert _error(merchant.prepay(openid, "SO20250101")) == (400, "ORDER_CLOSED")
    _paid(sandbox, merchant, "SO20250102")
    assert _error(merchant.prepay(openid, "SO20250102")) == (403, "OUT_TRADE_NO_USED")


@pytest.mark.parametrize(
    "wrong",
    [
        {"out_trade_no": "SO1"},
        {"out_trade_no": "SO 2025 01 01"},
        {"description": ""},
        {"description": "茶" * 128},
        {"amount": {"total": 0}},
        {"amount": {"total": 12.5}},
        {"amount": {"total": True}},
        {"amount": {"total": "1200"}},
        {"amount": {"total": 1200, "currency": "USD"}},
        {"amount": None},
        {"payer": {"openid": "oNobody"}},
        {"notify_url": "http://m.example.com/notify"},
        {"notify_url": "https://m.example.com/notify?a=1"},
        {"notify_url": "https://["},
        {"time_expire": "2030-01-01 10:00:00"},
        {"time_expire": "2030-13-01T10:00:00+08:00"},
        {"time_expire": "2020-01-01T10:00:00+08:00"},
        {"attach": "a" * 129},
        {"mchid": "1900000001"},
        {"appid": "wx0000000000000001"},
    ],
)
def test_a_wrong_order_is_refused_and_not_kept(sandbox: Sandbox, merchant: Merchant, wrong: Json) -> None:
    answer = merchant.prepay(sandbox.login("小明").openid, "SO20250101", **wrong)
    assert answer.status_code == 400
    assert sandbox.transactions() == []


def test_only_the_order_s_own_shopper_pays_and_only_what_the_merchant_signed(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    xiaoming, xiaohong = sandbox.login("小明"), sandbox.login("小红")
    params = merchant.prepaid_params(xiaoming.openid, "SO20250101")
    wrong: list[tuple[str, dict[str, Any]]] = [
        (xiaohong.openid, params),
        (xiaoming.openid, params | {"nonceStr": "another"}),
        (xiaoming.openid, params | {"timeStamp": "1700000000"}),
        (xiaoming.openid, params | {"timeStamp": int(params["timeStamp"])}),
        (xiaoming.openid, params | {"signType": "MD5"}),
        (xiaoming.openid, merchant.payment_params("wx1")),
    ]
    for openid, changed in wrong:
        with pytest.raises(PaymentFailed):
            sandbox.pay(openid, changed)
    assert sandbox.transaction("SO20250101")["state"] == "NOTPAY"
    sandbox.pay(xiaoming.openid, params)


def test_a_refused_payment_leaves_the_order_open(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    params = merchant.prepaid_params(openid, "SO20250101")
    sandbox.refuse(params)
    assert (merchant.query("SO20250101")["trade_state"], sandbox.notifies()) == ("NOTPAY", [])
    sandbox.pay(openid, params)


def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_closed(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    openid = sandbox.login("小明").openid
    params = merchant.prepaid_params(openid, "SO20250101")
    assert [merchant.close("SO20250101").status_code for _ in range(2)] == [204, 204]
    with pytest.raises(PaymentFailed):
        sandbox.pay(openid, params)
    assert merchant.query("SO20250101")["trade_state"] == "CLOSED"
    _paid(sandbox, merchant, "SO20250102")
    assert _error(merchant.close("SO20250102")) == (400, "ORDER_PAID")


def test_an_order_closes_at_its_time(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    half_past = (datetime.now(tz=UTC) + timedelta(minutes=30)).isoformat(timespec="seconds")
    params = merchant.prepaid_params(openid, "SO20250101", time_expire=half_past)
    sandbox.put_clock_ahead(29 * 60)
    assert merchant.query("SO20250101")["trade_state"] == "NOTPAY"
    sandbox.put_clock_ahead(31 * 60)
    assert merchant.query("SO20250101")["trade_state"] == "CLOSED"
    with pytest.raises(PaymentFailed):
        sandbox.pay(openid, params)


def test_a_prepay_id_lives_two_hours(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    old = merchant.prepaid_params(openid, "SO20250101")
    sandbox.put_clock_ahead(2 * 3600 + 1)
    with pytest.raises(PaymentFailed):
        sandbox.pay(openid, old)
    sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))


def test_an_order_is_refunded_in_parts_and_never_beyond_what_was_paid(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    paid = _paid(sandbox, merchant, "SO20250101")
    first = merchant.refund(paid, "RF1", 500, notify_url=doorstep.url).json()
    assert (first["status"], first["amount"]["refund"], first["amount"]["total"]) == ("PROCESSING", 500, 1200)
    assert merchant.query("SO20250101")["trade_state"] == "REFUND"
    (arrival,) = doorstep.wait_for(1)
    said = merchant.open_notify(arrival)
    assert (said["refund_status"], said["out_refund_no"], said["amount"]["refund"]) == ("SUCCESS", "RF1", 500)
    done = merchant.call("GET", "/v3/refund/domestic/refunds/RF1").json()
    assert (done["status"], done["success_time"]) == ("SUCCESS", said["success_time"])
    assert _error(merchant.refund(paid, "RF2", 701)) == (400, "INVALID_REQUEST")
    assert merchant.refund(paid, "RF2", 700).status_code == 200
    assert _error(merchant.refund(paid, "RF3", 1)) == (400, "INVALID_REQUEST")


def test_a_refund_number_is_one_refund(sandbox: Sandbox, merchant: Merchant) -> None:
    paid = _paid(sandbox, merchant, "SO20250101")
    first, again = merchant.refund(paid, "RF1", 500).json(), merchant.refund(paid, "RF1", 500).json()
    assert first["refund_id"] == again["refund_id"]
    assert _error(merchant.refund(paid, "RF1", 600)) == (400, "INVALID_REQUEST")
    other_reason = merchant.refund(paid, "RF1", 500, reason="改了原因")
    assert other_reason.json()["message"] == "重入请求数据和已存在的业务单据数据不一致"
    assert [row["refund_fen"] for row in sandbox.refunds()] == [500]


def test_what_cannot_be_refunded_is_refused(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    merchant.prepay(openid, "SO20250101")
    paid = _paid(sandbox, merchant, "SO20250102")
    by_number: Callable[..., requests.Response] = merchant.refund
    assert _error(by_number("", "RF1", 100, out_trade_no="SO20250101")) == (404, "RESOURCE_NOT_EXISTS")
    assert _error(by_number("4200", "RF1", 100)) == (404, "RESOURCE_NOT_EXISTS")
    wrong_total = {"refund": 100, "total": 1300, "currency": "CNY"}
    assert _error(by_number(paid, "RF1", 100, amount=wrong_total)) == (400, "INVALID_REQUEST")
    assert _error(by_number(paid, "RF 1", 100)) == (400, "PARAM_ERROR")
    assert _error(by_number(paid, "RF1", 0)) == (400, "PARAM_ERROR")
    assert _error(merchant.call("GET", "/v3/refund/domestic/refunds/RF1")) == (404, "RESOURCE_NOT_EXISTS")
