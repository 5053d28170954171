"""The client and the sandbox process, each over the real wire: an order's money from prepay to refund, and bad days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.wechat import codes, login, messages, phone, shipping, tokens
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.sandbox.control import Sandbox

NOTIFY_URL = "http://127.0.0.1:9/wechat/pay/notify"  # nobody listens: these tests ask instead of hearing
EXPIRES_AT = datetime.now(tz=UTC).replace(microsecond=0) + timedelta(hours=6)
NUMBER = "SO20250101000001"


def prepay(openid: str, **changes: Any) -> str:
    asked: dict[str, Any] = {
        "out_trade_no": NUMBER,
        "description": "手工陶瓷茶杯",
        "amount_fen": 1200,
        "openid": openid,
        "expires_at": EXPIRES_AT,
        "notify_url": NOTIFY_URL,
    }
    return client.prepay(**asked | changes)


def paid_by(sandbox: Sandbox, openid: str) -> str:
    prepay_id = prepay(openid)
    return sandbox.pay(openid, client.sign_for_client(prepay_id, at=datetime.now(tz=UTC)))


def refund(transaction_id: str, refund_fen: int = 600) -> client.RefundResult:
    return client.refund(
        transaction_id=transaction_id,
        out_refund_no="RF1",
        refund_fen=refund_fen,
        total_fen=1200,
        reason="不想要了",
        notify_url="http://127.0.0.1:9/wechat/refund/notify",
    )


def test_a_shopper_logs_in_once_per_code_and_gives_a_phone(sandbox: Sandbox) -> None:
    shopper = sandbox.login("小明")

    assert login.exchange(shopper.code).openid == shopper.openid
    with pytest.raises(wechat_errors.LoginCodeInvalid):
        login.exchange(shopper.code)

    code = sandbox.phone_code(shopper.openid, phone="13800000000")
    assert phone.exchange(code, openid=shopper.openid).number == "13800000000"
    with pytest.raises(wechat_errors.PhoneCodeInvalid):
        phone.exchange(code, openid=shopper.openid)


def test_a_phone_code_of_another_shopper_is_refused(sandbox: Sandbox) -> None:
    mine, theirs = sandbox.login("小明"), sandbox.login("小红")

    with pytest.raises(wechat_errors.PhoneCodeInvalid):
        phone.exchange(sandbox.phone_code(theirs.openid), openid=mine.openid)


def test_an_expired_token_is_renewed_without_anybody_noticing(sandbox: Sandbox) -> None:
    sandbox.fault("token_expired")

    assert ("SF", "顺丰速运") in [(one.id, one.name) for one in shipping.carriers()]
    assert sandbox.faults() == []


def test_an_order_is_paid_queried_and_refunded_in_parts(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    transaction_id = paid_by(sandbox, openid)

    read = client.query(out_trade_no=NUMBER)
    assert (read.trade_state, read.transaction_id, read.openid) == ("SUCCESS", transaction_id, openid)
    assert (read.amount_total_fen, read.currency) == (1200, "CNY")

    first, again = refund(transaction_id), refund(transaction_id)
    assert (first.refund_fen, first.out_trade_no) == (600, NUMBER)
    assert again.refund_id == first.refund_id
    assert client.query_refund(out_refund_no="RF1").refund_id == first.refund_id
    assert [row["refund_fen"] for row in sandbox.refunds()] == [600]


def test_an_unpaid_order_is_closed_and_stays_closed(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    prepay(openid)
    assert client.query(out_trade_no=NUMBER).trade_state == "NOTPAY"

    client.close(out_trade_no=NUMBER)
    client.close(out_trade_no=NUMBER)

    assert client.query(out_trade_no=NUMBER).trade_state == "CLOSED"
    with pytest.raises(wechat_errors.PayOrderClosed):
        prepay(openid)


def test_a_paid_order_cannot_be_closed(sandbox: Sandbox) -> None:
    paid_by(sandbox, sandbox.login("小明").openid)

    with pytest.raises(wechat_errors.AlreadyPaid):
        client.close(out_trade_no=NUMBER)


def test_numbers_that_wechat_does_not_know_are_said_to_be_unknown(sandbox: Sandbox) -> None:
    with pytest.raises(wechat_errors.PayOrderNotFound):
        client.query(out_trade_no=NUMBER)
    with pytest.raises(wechat_errors.PayOrderNotFound):
        client.query_refund(out_refund_no="RF1")
    with pytest.raises(wechat_errors.PayOrderNotFound):
        refund("4200000000202501010000000000")


def test_a_number_is_good_for_one_amount(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    prepay(openid)

    assert prepay(openid).startswith("wx")
    with pytest.raises(wechat_errors.PayRequestInvalid):
        prepay(openid, amount_fen=1201)


def test_more_than_was_paid_is_not_refunded(sandbox: Sandbox) -> None:
    transaction_id = paid_by(sandbox, sandbox.login("小明").openid)
    refund(transaction_id)

    with pytest.raises(wechat_errors.PayRefused):
        client.refund(
            transaction_id=transaction_id,
            out_refund_no="RF2",
            refund_fen=601,
            total_fen=1200,
            reason="",
            notify_url=NOTIFY_URL,
        )


def test_an_empty_merchant_account_refunds_later_under_the_same_number(sandbox: Sandbox) -> None:
    transaction_id = paid_by(sandbox, sandbox.login("小明").openid)
    sandbox.fault("not_enough")

    with pytest.raises(wechat_errors.NotEnoughBalance):
        refund(transaction_id)

    assert refund(transaction_id).refund_fen == 600


def test_a_refund_whose_answer_is_lost_happened_once(sandbox: Sandbox) -> None:
    transaction_id = paid_by(sandbox, sandbox.login("小明").openid)
    sandbox.fault("timeout_after_commit", path="/v3/refund/*")

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        refund(transaction_id)

    assert caught.value.effect_unknown
    assert client.query_refund(out_refund_no="RF1").refund_fen == 600
    assert refund(transaction_id).refund_fen == 600
    assert len(sandbox.refunds()) == 1


@pytest.mark.parametrize("kind", ["wrong_signature", "unsigned", "garbage"])
def test_a_lying_answer_is_an_unknown_outcome_that_a_query_settles(sandbox: Sandbox, kind: str) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault(kind, path="/v3/pay/transactions/jsapi")

    with pytest.raises(wechat_errors.WechatBadAnswer) as caught:
        prepay(openid)

    assert caught.value.effect_unknown
    assert client.query(out_trade_no=NUMBER).trade_state == "NOTPAY"


def test_wechat_failing_with_500_is_unavailable(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("http_status", path="/v3/*", status=500, code="SYSTEM_ERROR")

    with pytest.raises(wechat_errors.WechatUnavailable):
        prepay(openid)


def test_slow_wechat_is_given_up(sandbox: Sandbox, settings: Any) -> None:
    openid = sandbox.login("小明").openid
    settings.WECHAT_TIMEOUT_S = (1.0, 0.2)
    sandbox.fault("timeout_after_commit", path="/v3/pay/transactions/jsapi", hang_s=0.6)

    with pytest.raises(wechat_errors.WechatTimeout) as caught:
        prepay(openid)

    assert caught.value.effect_unknown


def test_shipping_waits_until_wechat_knows_the_payment(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    transaction_id = paid_by(sandbox, openid)
    parcel = shipping.Parcel("手工陶瓷茶杯*1", "SF1234567890", "SF", "13800001234")
    at = datetime.now(tz=UTC)
    sandbox.fault("shipping_unknown")

    with pytest.raises(wechat_errors.ShippingNotYet):
        shipping.upload(transaction_id=transaction_id, openid=openid, parcels=[parcel], at=at)
    first = shipping.upload(transaction_id=transaction_id, openid=openid, parcels=[parcel], at=at)
    again = shipping.upload(transaction_id=transaction_id, openid=openid, parcels=[parcel], at=at)

    assert (first, again) == (shipping.Uploaded.ACCEPTED, shipping.Uploaded.ALREADY)
    seen = shipping.get_order(transaction_id=transaction_id)
    assert (seen.state, seen.merchant_trade_no) == (shipping.OrderState.SHIPPED, NUMBER)
    sandbox.confirm_receipt(transaction_id)
    assert shipping.get_order(transaction_id=transaction_id).state >= shipping.OrderState.CONFIRMED


def test_a_message_needs_a_grant_and_uses_it_up(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    template_id = sandbox.template_id("砍价进度通知")
    sandbox.subscribe(openid, template_id)
    asked: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "page": "pages/order/detail?id=9",
        "data": {
            "thing1": "手工陶瓷茶杯",
            "amount2": "¥12.00",
            "amount3": "¥36.00",
            "time4": "2026年1月1日 10:00",
            "thing5": "还差一刀",
        },
    }

    messages.send_subscribe(**asked)
    with pytest.raises(wechat_errors.NotSubscribed):
        messages.send_subscribe(**asked)


def test_a_mini_program_code_comes_as_a_picture(sandbox: Sandbox) -> None:
    picture = codes.unlimited(scene="p=12&s=3", page="pages/goods/index")

    assert picture[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")


def test_the_token_is_asked_for_once(sandbox: Sandbox) -> None:
    tokens.forget()

    shipping.carriers()
    shipping.carriers()

    asked = [row for row in sandbox.calls("/cgi-bin/stable_token") if row["status"] == 200]
    assert len(asked) == 1
