"""The bad days that a test can order for the shop's calls, and the page on which a person does."""

from __future__ import annotations

import json
import time

import pytest
import requests

from apps.wechat.sandbox.control import ControlRefused, Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Merchant

CHECK = "/wxa/msg_sec_check"


def test_an_unknown_fault_or_setting_is_an_error(sandbox: Sandbox) -> None:
    for kind, settings in (("notify_lots", {}), ("delay", {"seconds": 1}), ("delay", {"times": 0})):
        with pytest.raises(ControlRefused):
            sandbox.fault(kind, **settings)
    assert sandbox.faults() == []


def test_the_next_call_can_fail_with_an_errcode(sandbox: Sandbox, merchant: Merchant) -> None:
    sandbox.fault("errcode", path=CHECK, errcode=45009, errmsg="reach max api daily quota limit")
    assert merchant.post(CHECK, {}).json()["errcode"] == 45009
    assert merchant.post(CHECK, {}).json()["errcode"] == 40097
    assert [call["fault"] for call in sandbox.calls(CHECK)] == ["errcode", ""]


def test_a_token_can_expire_once_without_touching_the_token_call(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    sandbox.fault("token_expired")
    assert "access_token" in merchant.token()
    assert merchant.post(CHECK, {}).json()["errcode"] == 42001
    assert merchant.post(CHECK, {}).json()["errcode"] == 40097


def test_wechat_pay_can_fail_with_a_signed_error(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("http_status", path="/v3/pay/*", status=429, code="FREQUENCY_LIMITED", message="频率超限")
    answer = merchant.prepay(openid, "SO20250101")
    assert (answer.status_code, answer.json()["code"]) == (429, "FREQUENCY_LIMITED")
    assert merchant.is_signed(answer.headers, answer.content)
    assert sandbox.transactions() == []
    assert merchant.prepay(openid, "SO20250101").status_code == 200


def test_an_answer_can_be_lost_after_its_effect_or_before(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    sandbox.fault("timeout_before", path="/v3/*")
    with pytest.raises(requests.ConnectionError):
        merchant.prepay(openid, "SO20250101")
    assert sandbox.transactions() == []
    sandbox.fault("timeout_after_commit", path="/v3/*", hang_s=0.2)
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        merchant.prepay(openid, "SO20250101")
    assert time.monotonic() - started >= 0.2
    assert [row["out_trade_no"] for row in sandbox.transactions()] == ["SO20250101"]


def test_an_answer_can_be_wrongly_signed_unsigned_or_rubbish(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    for kind in ("wrong_signature", "unsigned", "garbage"):
        sandbox.fault(kind, path="/v3/*")
    wrong, unsigned, garbage = (merchant.prepay(openid, "SO20250101") for _ in range(3))
    assert wrong.status_code == unsigned.status_code == garbage.status_code == 200
    assert not merchant.is_signed(wrong.headers, wrong.content)
    assert "Wechatpay-Signature" not in unsigned.headers
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(garbage.text)
    sandbox.fault("garbage", path=CHECK)
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(merchant.post(CHECK, {}).text)


def test_wechat_can_be_slow(sandbox: Sandbox, merchant: Merchant) -> None:
    sandbox.fault("delay", path=CHECK, delay_s=0.3)
    started = time.monotonic()
    merchant.post(CHECK, {})
    assert time.monotonic() - started >= 0.3


def test_a_refund_can_lack_money_or_end_badly(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    openid = sandbox.login("小明").openid
    paid = sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
    sandbox.fault("not_enough")
    answer = merchant.refund(paid, "RF1", 100)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ENOUGH")
    sandbox.fault("refund_abnormal")
    assert merchant.refund(paid, "RF1", 100, notify_url=doorstep.url).json()["status"] == "PROCESSING"
    (arrival,) = doorstep.wait_for(1)
    assert json.loads(arrival.body)["event_type"] == "REFUND.ABNORMAL"
    assert merchant.call("GET", "/v3/refund/domestic/refunds/RF1").json()["status"] == "ABNORMAL"


@pytest.mark.parametrize("how", ["by itself", "by order"])
def test_a_payment_can_succeed_after_the_close(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, how: str
) -> None:
    openid = sandbox.login("小明").openid
    merchant.prepay(openid, "SO20250101", notify_url=doorstep.url)
    if how == "by itself":
        sandbox.fault("pay_after_close")
    assert merchant.close("SO20250101").status_code == 204
    if how == "by order":
        assert merchant.query("SO20250101")["trade_state"] == "CLOSED"
        sandbox.pay_although_closed("SO20250101")
    (arrival,) = doorstep.wait_for(1)
    assert merchant.open_notify(arrival)["trade_state"] == "SUCCESS"
    assert merchant.query("SO20250101")["trade_state"] == "SUCCESS"


def test_every_call_is_kept_with_its_answer(sandbox: Sandbox, merchant: Merchant) -> None:
    merchant.prepay(sandbox.login("小明").openid, "SO20250101")
    (call,) = sandbox.calls("/v3/pay")
    assert (call["method"], call["path"], call["status"]) == ("POST", "/v3/pay/transactions/jsapi", 200)
    assert json.loads(call["request"])["out_trade_no"] == "SO20250101"
    assert "prepay_id" in json.loads(call["answer"])


def test_a_person_shops_on_the_page(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    page = sandbox.base_url + "/__sandbox/page"
    shown = requests.post(f"{page}/login", data={"nickname": "小明<b>"}, timeout=10).text
    assert "小明&lt;b&gt; 的 wx.login code：" in shown
    openid = sandbox.login("小明<b>").openid
    merchant.prepay(openid, "SO20250101", notify_url=doorstep.url)
    shown = requests.get(sandbox.base_url, timeout=10).text
    assert "SO20250101" in shown
    prepay_id = json.loads(sandbox.calls("/v3/pay")[0]["answer"])["prepay_id"]
    assert f'value="{prepay_id}"' in shown
    assert "已取消支付" in requests.post(f"{page}/refuse", data={"prepay_id": prepay_id}, timeout=10).text
    assert "已支付 SO20250101" in requests.post(f"{page}/pay", data={"prepay_id": prepay_id}, timeout=10).text
    doorstep.wait_for(1)
    assert (
        "未成功：该订单已支付" in requests.post(f"{page}/pay", data={"prepay_id": prepay_id}, timeout=10).text
    )
    template_id = sandbox.template_id("订单发货提醒")
    for answer, said in (("accept", "已允许"), ("reject", "已拒绝"), ("off", "已拒收")):
        form = {"openid": openid, "template_id": template_id, "answer": answer}
        assert said in requests.post(f"{page}/subscribe", data=form, timeout=10).text
    assert (
        "已发给客服"
        in requests.post(f"{page}/write", data={"openid": openid, "text": "在吗"}, timeout=10).text
    )
    service = {"touser": openid, "msgtype": "text", "text": {"content": "在的<b>"}}
    assert merchant.post("/cgi-bin/message/custom/send", service).json()["errcode"] == 0
    assert "<b>在的&lt;b&gt;</b>" in requests.get(sandbox.base_url, timeout=10).text
    card = {
        "cur_status": 2,
        "product_count": 1,
        "product_list": {
            "info_list": [dict.fromkeys(("product_img", "product_name", "product_path_query"), "杯")]
        },
        "wxa_path_query": "pages/order",
    }
    paid = sandbox.transaction("SO20250101")
    told = {
        "openid": openid,
        "notify_type": 2001,
        "notify_code": paid["transaction_id"],
        "content_json": json.dumps(card),
        "check_json": json.dumps({"pay_amount": 1200, "pay_time": int(paid["paid_at"])}),
    }
    assert merchant.post("/wxa/set_user_notify", told).json()["errcode"] == 0
    assert "状态 <b>2</b> 杯" in requests.get(sandbox.base_url, timeout=10).text
    form = {"openid": openid, "template_id": "T", "answer": "accept"}
    assert "未成功：20001" in requests.post(f"{page}/subscribe", data=form, timeout=10).text
    order = {"kind": "delay", "times": "2", "settings": '{"delay_s": 0}'}
    assert "已打开故障：接口变慢" in requests.post(f"{page}/fault", data=order, timeout=10).text
    assert sandbox.faults()[0]["times"] == 2
    assert (
        "未成功" in requests.post(f"{page}/fault", data={"kind": "delay", "settings": "["}, timeout=10).text
    )


def test_a_person_gives_a_phone_number_and_confirms_receipt_on_the_page(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    page = sandbox.base_url + "/__sandbox/page"
    openid = sandbox.login("小明").openid
    shown = requests.post(f"{page}/phone", data={"openid": openid, "phone": "13800000000"}, timeout=10).text
    assert "手机号 code：" in shown
    assert 'value="13800000000"' in shown
    params = merchant.prepaid_params(openid, "SO20250101", notify_url=doorstep.url)
    transaction_id = sandbox.pay(openid, params)
    number = str(sandbox.wait_for_notify("SO20250101")["number"])
    assert "已重发" in requests.post(f"{page}/resend", data={"number": number}, timeout=10).text
    doorstep.wait_for(2)
    order = {"transaction_id": transaction_id}
    assert "未成功" in requests.post(f"{page}/confirm", data=order, timeout=10).text
    upload = {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "logistics_type": 4,
        "delivery_mode": 1,
        "shipping_list": [{"item_desc": "茶杯*1"}],
        "upload_time": "2025-01-01T13:29:35.120+08:00",
        "payer": {"openid": openid},
    }
    merchant.post("/wxa/sec/order/upload_shipping_info", upload)
    assert "已确认收货" in requests.post(f"{page}/confirm", data=order, timeout=10).text
    fault = str(sandbox.fault("notify_lost"))
    assert "已关闭故障" in requests.post(f"{page}/fault/remove", data={"number": fault}, timeout=10).text
    assert sandbox.faults() == []
    assert requests.post(f"{page}/nothing", timeout=10).status_code == 404
