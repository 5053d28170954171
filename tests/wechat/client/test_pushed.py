"""What pushes say about messages, from the forms that WeChat's pages print, and from the sandbox over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.wechat import messages, push, pushed
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.test_push import query, sealed

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HEAD = {"ToUserName": "gh_1", "FromUserName": "oX", "CreateTime": "1620973045", "MsgType": "event"}
AT = datetime(2021, 5, 14, 6, 17, 25, tzinfo=UTC)


def said(**content: Any) -> pushed.Said | None:
    return pushed.read({**HEAD, **content}, at=NOW)


def row(template_id: str, status: str, **more: str) -> dict[str, str]:
    return {"TemplateId": template_id, "SubscribeStatusString": status, **more}


def parsed(account: Identity, plain: str) -> dict[str, Any]:
    """The message as the push door keeps it."""
    encrypted = sealed(account, plain)
    return push.read(query(account, encrypted), json.dumps({"Encrypt": encrypted}).encode(), at=NOW)


def test_a_prompt_about_one_template_is_an_object(account: Identity) -> None:
    told = said(Event="subscribe_msg_popup_event", List=row("T1", "accept", PopupScene="0"))

    assert told == pushed.PromptAnswered("oX", AT, (pushed.Choice("T1", "accept", "0"),))
    assert told.choices[0].accepted


def test_a_prompt_about_several_templates_is_an_array() -> None:
    rows = [row("T1", "accept", PopupScene="0"), row("T2", "reject", PopupScene="0")]

    told = said(Event="subscribe_msg_popup_event", List=rows)

    assert isinstance(told, pushed.PromptAnswered)
    assert [(one.template_id, one.accepted) for one in told.choices] == [("T1", True), ("T2", False)]


@pytest.mark.parametrize("count", [1, 2])
def test_a_prompt_in_xml_stands_in_its_wrapper(account: Identity, count: int) -> None:
    rows = "".join(
        f"<List><TemplateId><![CDATA[T{number}]]></TemplateId>"
        "<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>2</PopupScene></List>"
        for number in range(count)
    )
    plain = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oX]]></FromUserName>"
        "<CreateTime>1620973045</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[subscribe_msg_popup_event]]></Event>"
        f"<SubscribeMsgPopupEvent>{rows}</SubscribeMsgPopupEvent></xml>"
    )

    told = pushed.read(parsed(account, plain), at=NOW)

    choices = tuple(pushed.Choice(f"T{number}", "accept", "2") for number in range(count))
    assert told == pushed.PromptAnswered("oX", AT, choices)


def test_a_change_of_mind_is_told_from_a_prompt() -> None:
    told = said(Event="subscribe_msg_change_event", List=[row("T1", "reject")])

    assert told == pushed.ChoiceChanged("oX", AT, (pushed.Choice("T1", "reject"),))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_delivery_is_joined_by_the_number_of_the_message(wrapped: bool) -> None:
    listed = {
        "List": {
            "TemplateId": "T1",
            "MsgID": "1700827132819554304",
            "ErrorCode": "0",
            "ErrorStatus": "success",
        }
    }

    told = said(
        Event="subscribe_msg_sent_event", **({"SubscribeMsgSentEvent": listed} if wrapped else listed)
    )

    arrived = pushed.Delivery("T1", "1700827132819554304", "0", "success")
    assert told == pushed.MessagesSent("oX", AT, (arrived,))
    assert arrived.arrived


def test_a_delivery_that_failed_says_so_in_numbers_or_texts() -> None:
    told = said(
        Event="subscribe_msg_sent_event", List={"TemplateId": "T1", "MsgID": 12, "ErrorCode": -1, "x": []}
    )

    assert told == pushed.MessagesSent("oX", AT, (pushed.Delivery("T1", "12", "-1", ""),))
    assert not told.deliveries[0].arrived


def test_a_card_that_was_not_shown_names_its_payment_and_why() -> None:
    sample = {
        "ToUserName": "gh_e5e82d93a62a",
        "FromUserName": "o7esq5PHRGBQYmeNyfG064wEFVpQ",
        "CreateTime": 1699428279,
        "MsgType": "event",
        "Event": "notify_service_msg_send_result",
        "openid": "o7esq5PHRGBQYmeNyfG064wEFVpQ",
        "notify_code": "p1.4200002043202311087295582095",
        "notify_type": 2006,
        "card_status": 4,
        "fail_ret": -1004,
        "fail_msg": "user reject message ",
    }
    written_out = {name: str(value) for name, value in sample.items()}

    for content in (sample, written_out):
        told = pushed.read(content, at=NOW)
        assert isinstance(told, pushed.CardFailed)
        assert (told.transaction_id, told.notify_type) == ("4200002043202311087295582095", 2006)
        assert (told.card_status, told.fail_ret, told.fail_msg) == (4, -1004, "user reject message ")


@pytest.mark.parametrize("kind", ["text", "image", "miniprogrampage"])
def test_who_writes_to_the_service_may_be_answered_five_times_in_48_hours(kind: str) -> None:
    told = said(MsgType=kind, MsgId="1", Content="您好")

    assert told == pushed.CustomerSpoke("oX", AT, kind, messages=5)
    assert told.until == AT + timedelta(hours=48)


def test_who_only_opens_the_conversation_may_not_be_written_to() -> None:
    assert said(Event="user_enter_tempsession", SessionFrom="order") == pushed.ServiceEntered(
        "oX", AT, "order"
    )


@pytest.mark.parametrize(
    "content",
    [
        {"Event": "wxa_media_check"},
        {"Event": "subscribe_msg_popup_event"},
        {"Event": "subscribe_msg_popup_event", "List": []},
        {"Event": "subscribe_msg_popup_event", "List": "T1"},
        {"Event": "subscribe_msg_popup_event", "List": [{"TemplateId": {}}, "T1", None]},
        {"Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": ""},
        {"Event": "subscribe_msg_sent_event", "List": {"MsgID": "1"}},
        {"Event": "notify_service_msg_send_result", "notify_code": "1", "fail_ret": "x"},
        {"Event": ["subscribe_msg_popup_event"], "List": row("T1", "accept")},
        {"MsgType": ["text"]},
        {"MsgType": "voice"},
        {"MsgType": "text", "FromUserName": ""},
        {"MsgType": "text", "FromUserName": None},
    ],
)
def test_what_has_not_the_form_of_its_event_says_nothing(content: dict[str, Any]) -> None:
    assert said(**content) is None


@pytest.mark.parametrize("created", [None, "soon", "-5", 0, True, 10**18, str(int(NOW.timestamp()) + 900)])
def test_a_time_that_cannot_be_is_the_time_of_hearing(created: object) -> None:
    told = said(MsgType="text", CreateTime=created)

    assert isinstance(told, pushed.CustomerSpoke)
    assert told.at == NOW


def test_events_of_one_second_are_told_apart_by_their_rows() -> None:
    first = {**HEAD, "Event": "subscribe_msg_sent_event", "List": {"TemplateId": "T1", "MsgID": "1"}}
    second = {**first, "List": {"TemplateId": "T1", "MsgID": "2"}}
    card = {**HEAD, "Event": "notify_service_msg_send_result", "notify_code": "p1.42", "card_status": 1}

    assert push.message_key(first) == push.message_key(dict(first)) != push.message_key(second)
    assert push.message_key(card) != push.message_key({**card, "card_status": 2})
    assert push.message_key(card) != push.message_key({**card, "notify_code": "p1.43"})


# From the sandbox


@pytest.fixture
def shop() -> Iterator[Script]:
    """The shop's address for pushes, listening and content with anything."""
    with scripted.serving() as script:
        script.say(*[Reply(body=b"success", headers={"Content-Type": "text/plain"}) for _ in range(20)])
        yield script


@pytest.mark.parametrize("style", ["json", "xml"])
def test_the_sandbox_says_it_all_in_either_form(sandbox: Sandbox, shop: Script, style: str) -> None:
    openid = sandbox.login("小明").openid
    first, second = sandbox.template_id("到货提醒"), sandbox.template_id("降价提醒")
    sandbox.push_to(f"{shop.base}/wechat/push", format=style)
    values = {"thing1": "茶杯", "amount2": "¥12.00", "time3": "2026年1月1日 10:00", "thing4": "有货了"}

    sandbox.subscribe(openid, first, second)
    msgid = messages.send_subscribe(touser=openid, template_id=first, data=values)
    sandbox.turn_messages_off(openid, second)
    sandbox.enter_service(openid, session_from="cup")
    sandbox.write(openid, "在吗")
    sandbox.wait(lambda: [{"heard": True}] if len(shop.heard) >= 5 else [])

    now = datetime.now(tz=UTC)
    told = {type(one): one for heard in shop.heard if (one := _read(heard, now)) is not None}
    prompt, change, sent = (
        told[kind] for kind in (pushed.PromptAnswered, pushed.ChoiceChanged, pushed.MessagesSent)
    )
    assert isinstance(prompt, pushed.PromptAnswered)
    assert prompt.openid == openid
    assert [(one.template_id, one.status, one.scene) for one in prompt.choices] == [
        (first, "accept", "0"),
        (second, "accept", "0"),
    ]
    assert isinstance(change, pushed.ChoiceChanged)
    assert [(one.template_id, one.status) for one in change.choices] == [(second, "reject")]
    assert isinstance(sent, pushed.MessagesSent)
    assert [(one.msgid, one.arrived) for one in sent.deliveries] == [(msgid, True)]
    assert {pushed.ServiceEntered, pushed.CustomerSpoke} < set(told)


def _read(heard: scripted.Heard, at: datetime) -> pushed.Said | None:
    return pushed.read(push.read(heard.query, heard.body, at=at), at=at)
