"""Reading WeChat's message push: secure mode only, in JSON or XML."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from wechatpy.crypto import PrpCrypto

from apps.wechat import errors as wechat_errors
from apps.wechat import push
from apps.wechat.sandbox.identity import Identity

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def sealed(account: Identity, message: str, *, appid: str | None = None) -> str:
    key = base64.b64decode(account.numbers.push_aes_key + "=")
    return PrpCrypto(key).encrypt(message, appid or account.numbers.appid).decode()


def query(account: Identity, encrypted: str) -> dict[str, str]:
    token = account.numbers.push_token
    return {
        "timestamp": STAMP,
        "nonce": "77",
        "msg_signature": push.signature(token, STAMP, "77", encrypted),
    }


def test_a_json_message_is_read(account: Identity) -> None:
    message = {"Event": "trade_manage_remind_shipping", "transaction_id": "4200", "CreateTime": 1}
    encrypted = sealed(account, json.dumps(message))
    body = json.dumps({"ToUserName": "gh_x", "Encrypt": encrypted}).encode()

    assert push.read(query(account, encrypted), body, at=NOW) == message


def test_an_xml_message_is_read_with_repeated_elements_as_a_list(account: Identity) -> None:
    encrypted = sealed(
        account,
        "<xml><Event><![CDATA[subscribe_msg_popup_event]]></Event><SubscribeMsgPopupEvent>"
        "<List><TemplateId>T1</TemplateId></List><List><TemplateId>T2</TemplateId></List>"
        "</SubscribeMsgPopupEvent></xml>",
    )
    body = f"<xml><ToUserName>gh_x</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()

    assert push.read(query(account, encrypted), body, at=NOW) == {
        "Event": "subscribe_msg_popup_event",
        "SubscribeMsgPopupEvent": {"List": [{"TemplateId": "T1"}, {"TemplateId": "T2"}]},
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"Content": "a\x07b\tc\nd"}', "a\x07b\tc\nd"),
        ('{"Content": "a\\u0000b"}', "a\\u0000b"),
        ('{"Content": "a\x00b"}', "a\\u0000b"),
        ('{"Content": "half \\ud83d"}', "half \\ud83d"),
        ("<xml><Content>a\x07b\x00c</Content></xml>", "a\\u0007b\\u0000c"),
        ("<xml><Content><![CDATA[a\x1fb]]></Content></xml>", "a\\u001fb"),
        ("<xml><Content>a&#x1F;b&#0;c&#xD83D;</Content></xml>", "a\\u001fb\\u0000c\\ud83d"),
        ("<xml><Content>a&amp;&#10;b&#x1F375;</Content></xml>", "a&\nb🍵"),
    ],
)
def test_whatever_a_shopper_typed_is_no_reason_to_refuse_what_wechat_signed(
    account: Identity, sent: str, kept: str
) -> None:
    encrypted = sealed(account, sent)
    body = json.dumps({"Encrypt": encrypted}).encode()
    assert push.read(query(account, encrypted), body, at=NOW) == {"Content": kept}


def test_bytes_that_are_no_text_are_kept_as_a_sign_that_says_so(account: Identity) -> None:
    key = base64.b64decode(account.numbers.push_aes_key + "=")
    encrypted = PrpCrypto(key).encrypt(b'{"Content": "a\xed\xa0\xbdb"}', account.numbers.appid).decode()
    body = json.dumps({"Encrypt": encrypted}).encode()
    assert push.read(query(account, encrypted), body, at=NOW) == {"Content": "a\ufffd\ufffd\ufffdb"}


def test_a_push_is_refused_when_anything_about_it_is_wrong(account: Identity) -> None:
    encrypted = sealed(account, '{"Event":"x"}')
    right = query(account, encrypted)
    body = json.dumps({"Encrypt": encrypted}).encode()
    bomb = b'<!DOCTYPE x [<!ENTITY a "aa">]><xml><Encrypt>&a;</Encrypt></xml>'
    foreign = sealed(account, '{"Event":"x"}', appid="wx0000000000000000")
    garbled = "A" * 64
    old = str(int(STAMP) - 601)
    old_signature = push.signature(account.numbers.push_token, old, "77", encrypted)
    wrong: list[tuple[dict[str, str], bytes, str]] = [
        (right | {"msg_signature": "0" * 40}, body, "signature"),
        (right | {"msg_signature": "签"}, body, "signature"),
        (right | {"nonce": "78"}, body, "signature"),
        (right | {"timestamp": ""}, body, "no number"),
        (right | {"timestamp": old, "msg_signature": old_signature}, body, "ten minutes"),
        ({}, body, "no number"),
        (right, b'{"Event":"plain mode"}', "secure mode"),
        (right, b"[]", "no object"),
        (right, b"\xff", "neither JSON nor XML"),
        (right, b"<xml>", "neither JSON nor XML"),
        (right, b'{"Encrypt":' + b"[" * 600 + b"]" * 600 + b"}", "neither JSON nor XML"),
        (right, b"<xml>" + b"<a>" * 600 + b"</a>" * 600 + b"</xml>", "neither JSON nor XML"),
        (right, bomb, "neither JSON nor XML"),
        (right, b"x" * 300_000, "too large"),
        (query(account, foreign), json.dumps({"Encrypt": foreign}).encode(), "another mini program"),
        (query(account, garbled), json.dumps({"Encrypt": garbled}).encode(), "decrypt|another mini program"),
    ]

    assert push.read(right, body, at=NOW + timedelta(seconds=600)) == {"Event": "x"}
    for asked, content, why in wrong:
        with pytest.raises(wechat_errors.PushRefused, match=why):
            push.read(asked, content, at=NOW)


def test_the_push_url_is_not_confirmed_with_a_wrong_signature(account: Identity) -> None:
    with pytest.raises(wechat_errors.PushRefused):
        push.verify_url({"signature": "0" * 40, "timestamp": STAMP, "nonce": "1", "echostr": "e"})


def test_a_repeated_delivery_has_the_same_key_and_another_message_another() -> None:
    text: dict[str, Any] = {"FromUserName": "oX", "CreateTime": 1, "MsgId": 5, "Content": "您好"}
    settled: dict[str, Any] = {"FromUserName": "oX", "CreateTime": 1, "Event": "e", "transaction_id": "4200"}

    assert push.message_key(text) == push.message_key(dict(text))
    assert push.message_key(text) != push.message_key(text | {"MsgId": 6})
    assert push.message_key(settled) != push.message_key(settled | {"transaction_id": "4201"})
    assert "oX" not in push.message_key(settled)
    checked: dict[str, Any] = {
        "FromUserName": "oX",
        "CreateTime": 1,
        "Event": "wxa_media_check",
        "trace_id": "a",
    }
    assert push.message_key(checked) != push.message_key(checked | {"trace_id": "b"})
