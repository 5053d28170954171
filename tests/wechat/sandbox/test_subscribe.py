"""Subscription messages as the sandbox plays them: grants, prompts, values, and what is pushed of each."""

from __future__ import annotations

import json

import pytest
from defusedxml.ElementTree import fromstring

from apps.wechat.sandbox.control import ControlRefused, Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Json, Merchant
from tests.wechat.sandbox.test_pushes import opened

SEND = "/cgi-bin/message/subscribe/send"
ADD = "/wxaapi/newtmpl/addtemplate"
SHIPPED = {
    "character_string1": "SO20250101",
    "thing2": "茶杯",
    "thing3": "顺丰速运",
    "character_string4": "SF1234567890",
    "time5": "2025年1月1日 10:00",
}
# One fitting value for each kind of keyword of the library's example, by its number.
EVERY = {
    "thing1": "茶杯",
    "number2": "3",
    "letter3": "abc",
    "symbol4": "+",
    "character_string5": "SO1",
    "time6": "15:01",
    "date7": "2019年10月1日",
    "amount8": "¥12.00",
    "phone_number9": "13800000000",
    "car_number10": "粤A8Z888",
    "name11": "张三",
    "phrase12": "已发货",
    "enum_string13": "仅退款",
}


def message(openid: str, template_id: str, values: dict[str, str], /, **changed: object) -> Json:
    data = {name: {"value": value} for name, value in values.items()}
    whole = {"touser": openid, "template_id": template_id, "page": "pages/order/detail?id=9", "data": data}
    return whole | changed


def test_one_accepted_prompt_is_one_message(sandbox: Sandbox, merchant: Merchant) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    asked = message(openid, template_id, SHIPPED)
    assert merchant.post(SEND, asked).json()["errcode"] == 43101
    sandbox.subscribe(openid, template_id, accept=False)
    assert merchant.post(SEND, asked).json()["errcode"] == 43101
    sandbox.subscribe(openid, template_id, sandbox.template_id("待付款提醒"))
    sandbox.subscribe(openid, template_id)
    sent = [merchant.post(SEND, asked).json() for _ in range(3)]
    assert [one["errcode"] for one in sent] == [0, 0, 43101]
    assert [row["msgid"] for row in sandbox.messages()] == [sent[0]["msgid"], sent[1]["msgid"]]
    assert sandbox.messages()[0]["values"] == SHIPPED


def test_a_shopper_who_turns_messages_off_gets_none_until_they_accept_again(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.subscribe(openid, template_id)
    sandbox.subscribe(openid, template_id)
    sandbox.turn_messages_off(openid, template_id)
    assert merchant.post(SEND, message(openid, template_id, SHIPPED)).json()["errcode"] == 43101
    sandbox.subscribe(openid, template_id)
    assert [(row["left"], row["refused"]) for row in sandbox.grants()] == [(1, False)]
    assert merchant.post(SEND, message(openid, template_id, SHIPPED)).json()["errcode"] == 0


def test_a_prompt_is_for_at_most_three_known_templates_of_one_kind(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    openid = sandbox.login("小明").openid
    titles = ("订单发货提醒", "待付款提醒", "退款成功通知", "到货提醒")
    ids = [sandbox.template_id(title) for title in titles]
    long = merchant.post(ADD, {"tid": "1901", "kidList": [1, 2], "sceneDesc": "长期"}).json()["priTmplId"]
    with pytest.raises(ControlRefused, match="20003"):
        sandbox.subscribe(openid, *ids)
    with pytest.raises(ControlRefused, match="20002"):
        sandbox.subscribe(openid, ids[0], long)
    with pytest.raises(ControlRefused, match="20001"):
        sandbox.subscribe(openid, ids[0], "unknown")
    assert sandbox.grants() == []
    sandbox.subscribe(openid, *ids[:3])
    assert len(sandbox.grants()) == 3


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"touser": []}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"template_id": None}, 40037),
        ({"page": "/pages/order"}, 41030),
        ({"miniprogram_state": "beta"}, 40097),
        ({"data": {}}, 47003),
        ({"data": "茶杯"}, 47003),
    ],
)
def test_each_refusal_has_its_code_and_costs_no_grant(
    sandbox: Sandbox, merchant: Merchant, changed: Json, errcode: int
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.subscribe(openid, template_id)
    asked = message(openid, template_id, SHIPPED, **changed)
    assert merchant.post(SEND, asked).json()["errcode"] == errcode
    assert [row["left"] for row in sandbox.grants()] == [1]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"thing2": "茶" * 21}, "thing2"),
        ({"thing2": ""}, "thing2"),
        ({"thing9": "多余"}, "thing9"),
        ({"character_string4": "单号1"}, "character_string4"),
    ],
)
def test_the_value_that_does_not_fit_is_named(
    sandbox: Sandbox, merchant: Merchant, changed: dict[str, str], field: str
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    answer = merchant.post(SEND, message(openid, template_id, {**SHIPPED, **changed})).json()
    assert answer["errcode"] == 47003
    assert answer["errmsg"].startswith(f"argument invalid! data.{field}.value invalid")


def test_a_keyword_that_is_missing_is_named(sandbox: Sandbox, merchant: Merchant) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    short = {key: value for key, value in SHIPPED.items() if key != "time5"}
    answer = merchant.post(SEND, message(openid, template_id, short)).json()
    assert (answer["errcode"], "data.time5.value" in answer["errmsg"]) == (47003, True)


def test_forbidden_words_are_refused(sandbox: Sandbox, merchant: Merchant) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.subscribe(openid, template_id)
    answer = merchant.post(SEND, message(openid, template_id, {**SHIPPED, "thing2": "赌博用具"})).json()
    assert (answer["errcode"], [row["left"] for row in sandbox.grants()]) == (45168, [1])


@pytest.mark.parametrize(
    ("keyword", "value", "fits"),
    [
        ("thing1", "茶" * 20, True),
        ("thing1", "🍵" * 20, True),
        ("thing1", "茶" * 21, False),
        ("thing1", "", False),
        ("number2", "12.50", True),
        ("number2", "十二", False),
        ("letter3", "abc", True),
        ("letter3", "abc1", False),
        ("symbol4", "+-*/=", True),
        ("symbol4", "+-*/=!", False),
        ("character_string5", "SO20250101-1", True),
        ("character_string5", "订单1", False),
        ("character_string5", "a" * 33, False),
        ("time6", "15:01", True),
        ("time6", "2019年10月1日 15:01", True),
        ("time6", "2019年10月1日 15:01~2019年10月2日 15:01", True),
        ("time6", "2019-10-01 15:01", False),
        ("date7", "2019年10月1日", True),
        ("date7", "明天", False),
        ("amount8", "¥12.00", True),
        ("amount8", "12元", True),
        ("amount8", "12345678901", False),
        ("phone_number9", "+86-13800000000", True),
        ("phone_number9", "电话", False),
        ("car_number10", "粤A8Z888挂", True),
        ("car_number10", "粤A8Z8888888", False),
        ("name11", "张" * 10, True),
        ("name11", "张" * 11, False),
        ("name11", "a" * 20, True),
        ("name11", "a" * 21, False),
        ("name11", "张a" * 6, False),
        ("name11", "小明🍵", False),
        ("phrase12", "已发货", True),
        ("phrase12", "已发货了呀呀", False),
        ("phrase12", "已发货1", False),
        ("enum_string13", "换货", True),
        ("enum_string13", "维修", False),
    ],
)
def test_each_kind_of_keyword_has_its_own_limits(
    sandbox: Sandbox, merchant: Merchant, keyword: str, value: str, fits: bool
) -> None:
    other = "thing1" if keyword != "thing1" else "number2"
    kids = [int("".join(sign for sign in name if sign.isdecimal())) for name in (keyword, other)]
    made = merchant.post(ADD, {"tid": "1900", "kidList": kids, "sceneDesc": "示例"}).json()["priTmplId"]
    openid = sandbox.login("小明").openid
    sandbox.subscribe(openid, made)
    sent = merchant.post(SEND, message(openid, made, {keyword: value, other: EVERY[other]})).json()
    assert sent["errcode"] == (0 if fits else 47003)
    if not fits:
        assert sent["errmsg"].startswith(f"argument invalid! data.{keyword}.value invalid")
        assert [row["left"] for row in sandbox.grants()] == [1]


# What is pushed


def test_an_answered_prompt_is_pushed_as_an_object_or_an_array(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    sandbox.push_to(doorstep.url)
    openid = sandbox.login("小明").openid
    first, second = sandbox.template_id("订单发货提醒"), sandbox.template_id("待付款提醒")
    sandbox.subscribe(openid, first)
    sandbox.subscribe(openid, first, second, accept=False)
    said = [json.loads(opened(merchant, arrival)) for arrival in doorstep.wait_for(2)]
    said.sort(key=lambda one: isinstance(one["List"], list))
    one, two = said
    assert (one["Event"], one["FromUserName"]) == ("subscribe_msg_popup_event", openid)
    assert one["List"] == {"TemplateId": first, "SubscribeStatusString": "accept", "PopupScene": "0"}
    assert isinstance(one["CreateTime"], str)
    assert [row["SubscribeStatusString"] for row in two["List"]] == ["reject", "reject"]


def test_a_refusal_and_a_delivery_are_pushed(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.subscribe(openid, template_id)
    sandbox.push_to(doorstep.url)
    msgid = merchant.post(SEND, message(openid, template_id, SHIPPED)).json()["msgid"]
    (arrival,) = doorstep.wait_for(1)
    sent = json.loads(opened(merchant, arrival))
    assert (sent["Event"], sent["FromUserName"]) == ("subscribe_msg_sent_event", openid)
    done = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
    assert sent["List"] == done
    sandbox.turn_messages_off(openid, template_id)
    changed = json.loads(opened(merchant, doorstep.wait_for(2)[1]))
    assert changed["Event"] == "subscribe_msg_change_event"
    assert changed["List"] == {"TemplateId": template_id, "SubscribeStatusString": "reject"}


def test_a_message_that_wechat_loses_was_taken_and_is_told_of_later(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.subscribe(openid, template_id)
    sandbox.push_to(doorstep.url)
    sandbox.fault("message_lost")
    sent = merchant.post(SEND, message(openid, template_id, SHIPPED)).json()
    told = json.loads(opened(merchant, doorstep.wait_for(1)[0]))["List"]
    assert (sent["errcode"], told["MsgID"], told["ErrorCode"]) == (0, str(sent["msgid"]), "-1")
    assert (sandbox.messages(), [row["left"] for row in sandbox.grants()]) == ([], [0])


def test_the_events_in_xml_stand_in_their_wrappers(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep
) -> None:
    openid, template_id = sandbox.login("小明").openid, sandbox.template_id("订单发货提醒")
    sandbox.push_to(doorstep.url, format="xml")
    sandbox.subscribe(openid, template_id, sandbox.template_id("待付款提醒"))
    merchant.post(SEND, message(openid, template_id, SHIPPED))
    sandbox.turn_messages_off(openid, template_id)
    told = [fromstring(opened(merchant, arrival)) for arrival in doorstep.wait_for(3)]
    rows = {one.findtext("Event"): one for one in told}
    assert len(rows["subscribe_msg_popup_event"].findall("SubscribeMsgPopupEvent/List")) == 2
    assert rows["subscribe_msg_sent_event"].findtext("SubscribeMsgSentEvent/List/ErrorStatus") == "success"
    change = rows["subscribe_msg_change_event"].findtext("SubscribeMsgChangeEvent/List/SubscribeStatusString")
    assert change == "reject"
