"""Message push: sealed and signed for the shop, as JSON and as XML."""

from __future__ import annotations

import json
import re

import pytest
import requests

from apps.wechat.sandbox import crypto
from apps.wechat.sandbox.control import ControlRefused, Sandbox
from tests.wechat.sandbox.doorstep import Arrival, Doorstep
from tests.wechat.sandbox.merchant import Merchant


def opened(merchant: Merchant, arrival: Arrival) -> str:
    """Check msg_signature and return the message; the crypto is pinned by test_vectors."""
    numbers, query, body = merchant.numbers, arrival.query, arrival.body.decode()
    found = re.search(r"<Encrypt><!\[CDATA\[(.+?)\]\]></Encrypt>", body)
    encrypt = found[1] if found else json.loads(body)["Encrypt"]
    signed = crypto.push_signature(numbers.push_token, query["timestamp"], query["nonce"], encrypt)
    assert query["msg_signature"] == signed
    assert query["encrypt_type"] == "aes"
    return crypto.open_push(aes_key=numbers.push_aes_key, appid=numbers.appid, encrypt=encrypt).decode()


def test_the_push_address_is_checked_with_an_echo(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.push_to(doorstep.url)
    assert sandbox.verify_push_url()["ok"] is True
    (arrival,) = doorstep.wait_for(1)
    query, token = arrival.query, merchant.numbers.push_token
    assert query["signature"] == crypto.push_signature(token, query["timestamp"], query["nonce"])
    sandbox.push_to("http://127.0.0.1:1/notify")
    assert sandbox.verify_push_url()["ok"] is False


@pytest.mark.parametrize("style", ["json", "xml"])
def test_half_a_surrogate_pair_is_pushed_and_breaks_no_page(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, style: str
) -> None:
    sandbox.push_to(doorstep.url, format=style)
    openid = sandbox.login("\ud800").openid
    sandbox.push("x\x00y\udfff", openid=f"{openid}\ud800", content={"Content": "\ud800好"})
    sandbox.write(openid, "\udc00")
    with pytest.raises(ControlRefused, match="20001"):
        sandbox.subscribe(openid, "T\ud800")
    messages = [opened(merchant, arrival) for arrival in doorstep.wait_for(2)]
    assert [message for message in messages if "\\ud800好" in message] != []
    for path in (
        "",
        "/__sandbox/",
        "/__sandbox/calls",
        "/__sandbox/notifies",
        "/__sandbox/shoppers",
        "/__sandbox/grants",
    ):
        assert (path, requests.get(f"{sandbox.base_url}{path}", timeout=10).status_code) == (path, 200)
    assert "\\ud800好" in requests.get(f"{sandbox.base_url}/__sandbox/notifies", timeout=10).text
    order = {"kind": "delay", "settings": '{"path": "\\ud800", "x\\ud800": 1}'}
    assert (
        requests.post(f"{sandbox.base_url}/__sandbox/page/fault", data=order, timeout=10).status_code == 200
    )


def test_events_can_be_xml(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.push_to(doorstep.url, format="xml")
    openid = sandbox.login("小明").openid
    sandbox.enter_service(openid, session_from="a<b")
    (arrival,) = doorstep.wait_for(1)
    assert "<SessionFrom><![CDATA[a<b]]></SessionFrom>" in opened(merchant, arrival)


def test_shipping_and_settlement_are_pushed(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.push_to(doorstep.url)
    openid = sandbox.login("小明").openid
    transaction_id = sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
    upload = {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [{"tracking_no": "7712", "express_company": "ZTO", "item_desc": "茶杯*1"}],
        "upload_time": "2025-01-01T13:29:35.120+08:00",
        "payer": {"openid": openid},
    }
    assert merchant.post("/wxa/sec/order/upload_shipping_info", upload).json()["errcode"] == 0
    doorstep.wait_for(1)
    sandbox.confirm_receipt(transaction_id)
    shipped, settled = (json.loads(opened(merchant, arrival)) for arrival in doorstep.wait_for(2))
    assert shipped["Event"] == settled["Event"] == "trade_manage_order_settlement"
    assert shipped["merchant_trade_no"] == "SO20250101"
    assert "estimated_settlement_time" in shipped
    assert settled["confirm_receive_method"] == 2


def test_a_push_is_tried_three_times(sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep) -> None:
    sandbox.push_to(doorstep.url)
    doorstep.answers = [500, 500, 500, 500]
    sandbox.push("trade_manage_remind_access_api", content={"msg": "请接入"})
    sandbox.wait(lambda: [row for row in sandbox.pushes() if row["state"] == "GIVEN_UP"])
    assert len(doorstep.arrived) == 3
    assert json.loads(opened(merchant, doorstep.arrived[0]))["msg"] == "请接入"


def test_what_was_found_in_a_picture_is_pushed_as_it_was_ordered(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.push_to(doorstep.url)
    openid = sandbox.login("小明").openid
    asked = {"media_url": "https://a.b/c.jpg", "media_type": 2, "version": 2, "openid": openid, "scene": 2}
    sandbox.find_picture("lost")
    sandbox.find_picture("risky", label=20002)
    traces = [merchant.post("/wxa/media_check_async", asked).json()["trace_id"] for _ in range(2)]
    (arrival,) = doorstep.wait_for(1)
    said = json.loads(opened(merchant, arrival))
    assert (said["Event"], said["trace_id"], said["errcode"]) == ("wxa_media_check", traces[1], 0)
    assert said["result"] == {"suggest": "risky", "label": 20002}


def test_what_was_found_in_a_picture_can_be_xml(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.push_to(doorstep.url, format="xml")
    openid = sandbox.login("小明").openid
    asked = {"media_url": "https://a.b/c.jpg", "media_type": 2, "version": 2, "openid": openid, "scene": 2}
    merchant.post("/wxa/media_check_async", asked)
    (arrival,) = doorstep.wait_for(1)
    assert "<result><suggest><![CDATA[pass]]></suggest><label>100</label></result>" in opened(
        merchant, arrival
    )


@pytest.mark.parametrize("style", ["json", "xml"])
def test_a_parcels_step_is_pushed_with_all_before_it(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, style: str
) -> None:
    sandbox.push_to(doorstep.url, format=style)
    openid = sandbox.login("小茶").openid
    sandbox.move_waybill("SF123", "MOVING", text="已揽收", at=1767225600)
    sandbox.move_waybill("SF123", "SIGNED", at=1767225700, delivery_id="SF", openid=openid)
    message = opened(merchant, doorstep.wait_for(1)[0])
    assert message.count("ActionMsg") == (2 if style == "json" else 4)
    assert "add_express_path" in message
    assert "已揽收" in message
    with pytest.raises(ControlRefused, match="state is one of"):
        sandbox.move_waybill("SF123", "FLOWN")
