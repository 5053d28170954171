"""The logistics plugin: the documented body, the token, how a waybill stands; and steps that are pushed, in either form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import paths, push, waybills
from apps.wechat.paths import Action, PathAdded
from apps.wechat.waybills import Goods, Standing, Waybill
from tests.wechat.client.scripted import Script
from tests.wechat.client.words import token, told

SENT = Waybill(
    openid="oX",
    receiver_phone="13800000000",
    carrier_id="SF",
    tracking_no="SF123",
    transaction_id="4200",
    page="pages/order/detail?id=9",
    goods=[Goods("茶" * 40, "https://shop.example.com/cup.jpg")],
)


def test_a_token_is_asked_for_as_documented(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, waybill_token="T-1"))
    assert waybills.token_of(SENT) == "T-1"
    assert json.loads(wechat.heard[-1].body) == {
        "openid": "oX",
        "receiver_phone": "13800000000",
        "delivery_id": "SF",
        "waybill_id": "SF123",
        "trans_id": "4200",
        "order_detail_path": "pages/order/detail?id=9",
        # Sixty bytes of UTF-8, and no half character.
        "goods_info": {
            "detail_list": [{"goods_name": "茶" * 20, "goods_img_url": "https://shop.example.com/cup.jpg"}]
        },
    }


def test_how_a_waybill_stands_is_read_and_what_is_none_is_refused(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, waybill_info={"waybill_id": "SF123", "status": 6}))
    assert waybills.standing(token="T-1", openid="oX") is Standing.SIGNED_BY_ANOTHER
    wechat.say(told(errcode=0, waybill_info={"status": 77}))
    assert waybills.standing(token="T-1", openid="oX") is None
    for answer, error in (
        ({"errcode": 9300507}, waybills.WaybillTokenUnknown),
        ({"errcode": 9300534}, wechat_errors.WechatRefused),
        ({"errcode": 0}, wechat_errors.WechatBadAnswer),
    ):
        wechat.say(told(**answer))
        with pytest.raises(error):
            waybills.standing(token="T-1", openid="oX")
    wechat.say(told(errcode=0, waybill_token=""))
    with pytest.raises(wechat_errors.WechatBadAnswer):
        waybills.token_of(SENT)


def pushed(**said: Any) -> dict[str, Any]:
    step = {"ActionTime": 1767225600, "ActionType": 200001, "ActionMsg": "运输中"}
    content = {
        "FromUserName": "oX",
        "CreateTime": 1767225600,
        "MsgType": "event",
        "Event": "add_express_path",
        "DeliveryID": "SF",
        "WayBillId": "SF123",
        "Version": 2,
        "Count": 1,
        "Actions": [step],
    }
    return {**content, **said}


def test_steps_are_read_as_a_list_alone_and_as_xml_writes_them() -> None:
    expected = PathAdded("oX", "SF", "SF123", (Action(datetime(2026, 1, 1, tzinfo=UTC), 200001, "运输中"),))
    (step,) = pushed()["Actions"]
    as_text = {name: str(value) for name, value in step.items()}
    for actions in ([step], step, as_text, [as_text]):
        assert paths.read(pushed(Actions=actions)) == expected
    late = {"ActionTime": 1767225700, "ActionType": 300003, "ActionMsg": "已签收"}
    read = paths.read(pushed(Actions=[late, step, {"ActionTime": "x"}, "none"]))
    assert read is not None
    assert [action.kind for action in read.actions] == [200001, 300003]
    for nothing in (
        {"Event": "other"},
        {"MsgType": "text"},
        {"Actions": []},
        {"WayBillId": ""},
        {"DeliveryID": None},
        {"Actions": {"ActionTime": 0, "ActionMsg": "x"}},
        {"Actions": [{"ActionTime": 10**17, "ActionMsg": "x"}]},
    ):
        assert paths.read(pushed(**nothing)) is None


def test_pushes_of_one_second_are_told_apart_by_waybill_and_steps() -> None:
    other = {"ActionTime": 1767225700, "ActionType": 300003, "ActionMsg": "已签收"}
    pushes = [
        pushed(),
        pushed(WayBillId="SF124"),
        pushed(Version=3),
        pushed(Actions=[other]),
        pushed(DeliveryID="YTO"),
    ]
    assert len({push.message_key(one) for one in pushes}) == 5
    assert push.message_key(pushed()) == push.message_key(pushed())
