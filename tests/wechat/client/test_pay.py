"""WeChat Pay's answers, and what the shop makes of each: believed, refused, or of unknown outcome."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.sandbox.identity import Identity
from mall.errors import Kind
from tests.wechat.client.scripted import Reply, Script, signed, signed_headers

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOTIFY_URL = "https://m.example.com/wechat/pay/notify"
JSON = {"Content-Type": "application/json"}


def prepay(**changes: Any) -> str:
    asked: dict[str, Any] = {
        "out_trade_no": "SO20250101000001",
        "description": "茶杯",
        "amount_fen": 1200,
        "openid": "oX",
        "expires_at": NOW + timedelta(minutes=30),
        "notify_url": NOTIFY_URL,
    }
    return client.prepay(**asked | changes)


def refund(**changes: Any) -> client.RefundResult:
    asked: dict[str, Any] = {
        "transaction_id": "4200",
        "out_refund_no": "RF1",
        "refund_fen": 600,
        "total_fen": 1200,
        "reason": "不想要了",
        "notify_url": "https://m.example.com/wechat/refund/notify",
    }
    return client.refund(**asked | changes)


def refusal(account: Identity, status: int, code: str, message: str = "…") -> Reply:
    return signed(account, json.dumps({"code": code, "message": message}).encode(), status=status)


def paid(account: Identity, **changes: Any) -> dict[str, Any]:
    return {
        "appid": account.numbers.appid,
        "mchid": account.numbers.mchid,
        "out_trade_no": "SO20250101000001",
        "transaction_id": "4200",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T16:00:00+08:00",
        "payer": {"openid": "oX"},
        "amount": {"total": 1200, "payer_total": 1200, "currency": "CNY"},
    } | changes


# What is believed


def test_a_good_answer_gives_the_prepay_id(wechat: Script, account: Identity) -> None:
    wechat.say(signed(account, b'{"prepay_id":"wx201"}'))

    assert prepay(client_ip="1.2.3.4") == "wx201"
    assert json.loads(wechat.heard[0].body)["scene_info"] == {"payer_client_ip": "1.2.3.4"}


def test_an_unpaid_transaction_is_read_without_amount(wechat: Script, account: Identity) -> None:
    facts = paid(account, trade_state="NOTPAY", transaction_id="", success_time="", amount={}, payer={})
    wechat.say(signed(account, json.dumps(facts).encode()))

    read = client.query(out_trade_no="SO20250101000001")

    assert (read.trade_state, read.is_paid, read.transaction_id) == ("NOTPAY", False, None)
    assert (read.amount_total_fen, read.success_time) == (None, None)


@pytest.mark.parametrize("state", ["SUCCESS", "REFUND"])
def test_money_that_was_captured_stays_paid_when_refunded(
    wechat: Script, account: Identity, state: str
) -> None:
    wechat.say(signed(account, json.dumps(paid(account, trade_state=state)).encode()))

    read = client.query(out_trade_no="SO20250101000001")

    assert (read.is_paid, read.amount_total_fen, read.success_time) == (True, 1200, NOW)


def test_an_answer_about_another_number_is_not_believed(wechat: Script, account: Identity) -> None:
    wechat.say(signed(account, json.dumps(paid(account, out_trade_no="SO999999")).encode()))

    with pytest.raises(wechat_errors.WechatBadAnswer, match="another number"):
        client.query(out_trade_no="SO20250101000001")


def test_the_texts_are_cut_at_a_character_that_fits(wechat: Script, account: Identity) -> None:
    wechat.say(signed(account, b'{"prepay_id":"wx1"}'))

    prepay(description="茶" * 100)

    assert json.loads(wechat.heard[0].body)["description"] == "茶" * 42  # 126 bytes; 43 would be 129


@pytest.mark.parametrize("number", ["short", "x" * 33, "SO 00001", "SO0001/close", "订单000001", "SO00001\n"])
def test_a_number_that_would_break_the_signed_path_is_never_sent(wechat: Script, number: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        client.query(out_trade_no=number)
    with pytest.raises(ValueError, match="not a number"):
        prepay(out_trade_no=number)

    assert wechat.heard == []


def test_amounts_that_make_no_sense_are_never_sent(wechat: Script) -> None:
    with pytest.raises(ValueError, match="at least 1 fen"):
        prepay(amount_fen=0)
    with pytest.raises(ValueError, match="at most the payment"):
        refund(refund_fen=1201)
    with pytest.raises(ValueError, match="at least 1 fen"):
        refund(refund_fen=0)

    assert wechat.heard == []


# What is not believed


def test_a_2xx_that_wechat_did_not_sign_has_an_unknown_outcome(wechat: Script, account: Identity) -> None:
    body = b'{"prepay_id":"wx1"}'
    good = signed_headers(account, body)
    old = signed_headers(account, body, timestamp=int(good["Wechatpay-Timestamp"]) - 301)
    forged = [
        JSON,
        good | {"Wechatpay-Signature": "QUJD"},
        good | {"Wechatpay-Serial": "PUB_KEY_ID_1"},
        good | {"Wechatpay-Signature-Type": "none"},
        old,
    ]
    wechat.say(
        *[Reply(body=body, headers=headers) for headers in forged], Reply(body=body + b" ", headers=good)
    )

    for _ in range(6):
        with pytest.raises(wechat_errors.WechatUnverified) as caught:
            prepay()
        assert caught.value.effect_unknown
        assert (caught.value.code, caught.value.kind) == ("wechat_unavailable", Kind.BAD_GATEWAY)
    assert len(wechat.heard) == 6  # no certificates were fetched for the strange serial


def test_a_forged_query_changes_nothing_and_is_not_believed(wechat: Script, account: Identity) -> None:
    wechat.say(Reply(body=json.dumps(paid(account)).encode(), headers=JSON))

    with pytest.raises(wechat_errors.WechatUnverified) as caught:
        client.query(out_trade_no="SO20250101000001")

    assert not caught.value.effect_unknown


def test_a_refusal_with_a_wrong_signature_is_not_believed(wechat: Script, account: Identity) -> None:
    body = b'{"code":"ORDER_NOT_EXIST","message":""}'
    headers = signed_headers(account, body) | {"Wechatpay-Signature": "QUJD"}
    wechat.say(Reply(body=body, status=404, headers=headers))

    with pytest.raises(wechat_errors.WechatUnverified):
        client.query(out_trade_no="SO20250101000001")


@pytest.mark.parametrize(
    "facts",
    [b"{}", b"[]", b'"x"', b'{"prepay_id":""}', b'{"prepay_id":7}', b"not json", b""],
)
def test_a_signed_answer_without_prepay_id_has_an_unknown_outcome(
    wechat: Script, account: Identity, facts: bytes
) -> None:
    wechat.say(signed(account, facts))

    with pytest.raises(wechat_errors.WechatBadAnswer) as caught:
        prepay()

    assert caught.value.effect_unknown


def test_a_page_of_a_proxy_is_no_word_of_wechat(wechat: Script) -> None:
    wechat.say(Reply(body=b"<html>not found</html>", status=404, headers={"Content-Type": "text/html"}))

    with pytest.raises(wechat_errors.WechatBadAnswer):
        client.query(out_trade_no="SO20250101000001")


# What is refused


@pytest.mark.parametrize(
    ("status", "code", "message", "refused"),
    [
        (404, "ORDER_NOT_EXIST", "订单不存在", wechat_errors.PayOrderNotFound),
        (404, "ORDERNOTEXIST", "订单不存在", wechat_errors.PayOrderNotFound),
        (400, "ORDER_CLOSED", "订单已关闭", wechat_errors.PayOrderClosed),
        (400, "ORDERPAID", "订单已支付", wechat_errors.AlreadyPaid),
        (403, "OUT_TRADE_NO_USED", "商户订单号重复", wechat_errors.PayNumberUsed),
        (400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", wechat_errors.PayRequestInvalid),
        (400, "INVALID_REQUEST", "重入请求数据和已存在的业务单据数据不一致", wechat_errors.PayRequestInvalid),
        (400, "INVALID_REQUEST", "订单重入时，要求参数值与原请求一致", wechat_errors.PayRequestInvalid),
        (400, "PARAM_ERROR", "无效的openid", wechat_errors.PayRequestInvalid),
        (403, "RULE_LIMIT", "业务规则限制", wechat_errors.PayRefused),
        (500, "OPENID_MISMATCH", "openid和appid不匹配", wechat_errors.PayRefused),
    ],
)
def test_a_refusal_of_a_prepay_is_told_apart_by_its_code(
    wechat: Script,
    account: Identity,
    status: int,
    code: str,
    message: str,
    refused: type[wechat_errors.PayRefused],
) -> None:
    wechat.say(refusal(account, status, code, message))

    with pytest.raises(wechat_errors.PayRefused) as caught:
        prepay()

    assert type(caught.value) is refused
    assert caught.value.errcode == code


@pytest.mark.parametrize(
    ("status", "code", "failed", "effect_unknown"),
    [
        (429, "FREQUENCY_LIMITED", wechat_errors.WechatBusy, False),
        (403, "RATELIMIT_EXCEEDED", wechat_errors.WechatBusy, False),
        (500, "SYSTEM_ERROR", wechat_errors.WechatBadAnswer, True),
        (502, "BANK_ERROR", wechat_errors.WechatBadAnswer, True),
        (401, "SIGN_ERROR", wechat_errors.WechatMisconfigured, False),
        (403, "NO_AUTH", wechat_errors.WechatMisconfigured, False),
        (400, "APPID_MCHID_NOT_MATCH", wechat_errors.WechatMisconfigured, False),
    ],
)
def test_what_ails_wechat_or_the_merchant_is_unavailable_to_the_shopper(
    wechat: Script,
    account: Identity,
    status: int,
    code: str,
    failed: type[wechat_errors.WechatUnavailable],
    effect_unknown: bool,
) -> None:
    wechat.say(refusal(account, status, code))

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        prepay()

    assert type(caught.value) is failed
    assert caught.value.effect_unknown is effect_unknown
    assert caught.value.code == "wechat_unavailable"


def test_an_unsigned_sign_error_is_understood(wechat: Script) -> None:
    wechat.say(Reply(body=b'{"code":"SIGN_ERROR","message":""}', status=401, headers=JSON))

    with pytest.raises(wechat_errors.WechatMisconfigured, match="SIGN_ERROR"):
        prepay()


def test_closing_is_content_with_204_and_with_closed_already(wechat: Script, account: Identity) -> None:
    wechat.say(signed(account, b"", status=204), refusal(account, 400, "ORDER_CLOSED"))

    client.close(out_trade_no="SO20250101000001")
    client.close(out_trade_no="SO20250101000001")

    assert wechat.heard[0].target == "/v3/pay/transactions/out-trade-no/SO20250101000001/close"


def test_closing_without_wechats_signature_has_an_unknown_outcome(wechat: Script) -> None:
    wechat.say(Reply(body=b"", status=204, headers={}))

    with pytest.raises(wechat_errors.WechatUnverified) as caught:
        client.close(out_trade_no="SO20250101000001")

    assert caught.value.effect_unknown


def test_closing_what_is_paid_says_so(wechat: Script, account: Identity) -> None:
    wechat.say(refusal(account, 400, "ORDER_PAID", "订单已支付"))

    with pytest.raises(wechat_errors.AlreadyPaid):
        client.close(out_trade_no="SO20250101000001")


# Refunds


def test_a_refund_is_sent_as_documented(wechat: Script, account: Identity) -> None:
    answer = {
        "refund_id": "5000",
        "out_refund_no": "RF1",
        "transaction_id": "4200",
        "out_trade_no": "SO1",
        "status": "PROCESSING",
        "amount": {"total": 1200, "refund": 600, "payer_refund": 600, "currency": "CNY"},
    }
    wechat.say(signed(account, json.dumps(answer).encode()), signed(account, json.dumps(answer).encode()))

    first, again = refund(), client.query_refund(out_refund_no="RF1")

    assert (first.refund_id, first.status, first.refund_fen, first.total_fen) == (
        "5000",
        "PROCESSING",
        600,
        1200,
    )
    assert again == first
    assert json.loads(wechat.heard[0].body) == {
        "transaction_id": "4200",
        "out_refund_no": "RF1",
        "reason": "不想要了",
        "notify_url": "https://m.example.com/wechat/refund/notify",
        "amount": {"refund": 600, "total": 1200, "currency": "CNY"},
    }
    assert wechat.heard[1].target == "/v3/refund/domestic/refunds/RF1"


def test_an_answer_about_another_refund_has_an_unknown_outcome(wechat: Script, account: Identity) -> None:
    answer = {
        "refund_id": "5000",
        "out_refund_no": "RF2",
        "transaction_id": "4200",
        "out_trade_no": "SO1",
        "status": "SUCCESS",
        "amount": {"total": 1200, "refund": 600},
    }
    wechat.say(signed(account, json.dumps(answer).encode()), signed(account, b"{}"))

    for _ in range(2):
        with pytest.raises(wechat_errors.WechatBadAnswer) as caught:
            refund()
        assert caught.value.effect_unknown


@pytest.mark.parametrize(
    ("status", "code", "message", "refused"),
    [
        (403, "NOT_ENOUGH", "余额不足", wechat_errors.NotEnoughBalance),
        (404, "RESOURCE_NOT_EXISTS", "订单不存在", wechat_errors.PayOrderNotFound),
        (
            400,
            "INVALID_REQUEST",
            "订单金额或退款金额与之前请求不一致，请核实后再试",
            wechat_errors.PayRequestInvalid,
        ),
        (400, "INVALID_REQUEST", "订单已全额退款", wechat_errors.PayRequestInvalid),
        (403, "USER_ACCOUNT_ABNORMAL", "用户账户异常", wechat_errors.PayRefused),
    ],
)
def test_a_refusal_of_a_refund_is_told_apart_by_its_code(
    wechat: Script,
    account: Identity,
    status: int,
    code: str,
    message: str,
    refused: type[wechat_errors.PayRefused],
) -> None:
    wechat.say(refusal(account, status, code, message))

    with pytest.raises(wechat_errors.PayRefused) as caught:
        refund()

    assert type(caught.value) is refused


# Bad connections


def test_a_question_is_asked_again_when_the_connection_broke(wechat: Script, account: Identity) -> None:
    wechat.say(Reply(drop=True), signed(account, json.dumps(paid(account)).encode()))

    assert client.query(out_trade_no="SO20250101000001").is_paid


def test_a_money_call_is_not_repeated_when_the_connection_broke(wechat: Script) -> None:
    wechat.say(Reply(drop=True))

    with pytest.raises(wechat_errors.WechatDown) as caught:
        refund()

    assert caught.value.effect_unknown
    assert len(wechat.heard) == 1


def test_a_money_call_without_an_answer_in_time_has_an_unknown_outcome(wechat: Script, settings: Any) -> None:
    settings.WECHAT_TIMEOUT_S = (0.5, 0.2)
    wechat.say(Reply(after_s=0.5))

    with pytest.raises(wechat_errors.WechatTimeout) as caught:
        prepay()

    assert caught.value.kind is Kind.TIMEOUT
    assert caught.value.effect_unknown


def test_a_money_call_to_a_closed_port_had_no_effect(account: Identity) -> None:
    with pytest.raises(wechat_errors.WechatDown) as caught:
        prepay()

    assert caught.value.kind is Kind.UNAVAILABLE
    assert not caught.value.effect_unknown
