"""Message push: WeChat checks the address, then tells what happened; each telling is kept once."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from defusedxml.ElementTree import fromstring
from django.conf import settings
from django.test import Client

from apps.outbox.models import Announcement
from apps.wechat.admin import masked
from apps.wechat.models import PushMessage
from apps.wechat.sandbox import crypto, pushes
from mall import text as texts

pytestmark = pytest.mark.django_db

MESSAGE = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
    "CreateTime": 1767225600,
    "MsgType": "event",
    "Event": "trade_manage_order_settlement",
    "transaction_id": "420000001",
}


TEXT = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
    "CreateTime": 1767225600,
    "MsgType": "text",
    "Content": "请问什么时候发货？",
    "MsgId": "24000000000000001",
}


def sealed(message: dict[str, Any], **query: str) -> tuple[str, bytes]:
    """The URL and the body of a push in secure mode; ``query`` replaces parameters."""
    encrypt = crypto.seal_push(
        aes_key=settings.WECHAT_PUSH_AES_KEY,
        appid=settings.WECHAT_APPID,
        message=json.dumps(message).encode(),
        random=secrets.token_bytes(16),
    )
    timestamp, nonce = str(int(time.time())), "1234567890"
    given = {
        "timestamp": timestamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": crypto.push_signature(settings.WECHAT_PUSH_TOKEN, timestamp, nonce, encrypt),
        **query,
    }
    return f"/wechat/push?{urlencode(given)}", json.dumps({"Encrypt": encrypt}).encode()


def push(message: dict[str, Any], **query: str) -> Any:
    url, body = sealed(message, **query)
    return Client().generic("POST", url, body, content_type="application/json")


def test_wechat_may_check_the_address() -> None:
    signature = crypto.push_signature(settings.WECHAT_PUSH_TOKEN, "1767225600", "n1")
    query = {"signature": signature, "timestamp": "1767225600", "nonce": "n1", "echostr": "hello"}

    right = Client().get("/wechat/push", query)
    wrong = Client().get("/wechat/push", {**query, "signature": "0" * 40})

    assert (right.status_code, right.content) == (200, b"hello")
    assert right["Content-Type"] == "text/plain; charset=utf-8"
    assert wrong.status_code == 400


def test_a_push_that_comes_three_times_is_kept_and_announced_once() -> None:
    answers = [push(MESSAGE).content for _ in range(3)]

    assert answers == [b"success", b"success", b"success"]
    assert PushMessage.objects.get().kind == "trade_manage_order_settlement"
    assert Announcement.objects.get().payload["kind"] == "trade_manage_order_settlement"


def opened(encrypt: str, *, timestamp: str, nonce: str, signature: str) -> str:
    """The reply inside, its signature checked as WeChat does."""
    assert signature == crypto.push_signature(settings.WECHAT_PUSH_TOKEN, timestamp, nonce, encrypt)
    return crypto.open_push(
        aes_key=settings.WECHAT_PUSH_AES_KEY, appid=settings.WECHAT_APPID, encrypt=encrypt
    ).decode()


@pytest.mark.parametrize("kind", ["text", "image", "miniprogrampage", "voice", "link"])
def test_what_a_customer_writes_is_handed_to_the_service_staff(kind: str) -> None:
    answers = [push({**TEXT, "MsgType": kind}) for _ in range(2)]

    for answer in answers:
        said = answer.json()
        reply = json.loads(
            opened(
                said["Encrypt"],
                timestamp=str(said["TimeStamp"]),
                nonce=said["Nonce"],
                signature=said["MsgSignature"],
            )
        )
        assert said["Nonce"] == "1234567890"
        assert reply == {
            "ToUserName": "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
            "FromUserName": "gh_0123456789ab",
            "CreateTime": said["TimeStamp"],
            "MsgType": "transfer_customer_service",
        }
    assert PushMessage.objects.get().kind == kind


def test_a_message_that_came_as_xml_is_handed_over_as_xml() -> None:
    url, body = sealed(TEXT)
    as_xml = pushes.xml({"ToUserName": "gh_0123456789ab", "Encrypt": json.loads(body)["Encrypt"]})

    answer = Client().generic("POST", url, as_xml.encode(), content_type="text/xml")

    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    envelope = {part.tag: part.text or "" for part in fromstring(answer.content.decode())}
    reply = opened(
        envelope["Encrypt"],
        timestamp=envelope["TimeStamp"],
        nonce=envelope["Nonce"],
        signature=envelope["MsgSignature"],
    )
    assert {part.tag: part.text for part in fromstring(reply)} == {
        "ToUserName": "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
        "FromUserName": "gh_0123456789ab",
        "CreateTime": envelope["TimeStamp"],
        "MsgType": "transfer_customer_service",
    }


@pytest.mark.parametrize("event", ["user_enter_tempsession", "subscribe_msg_popup_event", "wxa_media_check"])
def test_events_are_answered_success(event: str) -> None:
    answer = push({**MESSAGE, "Event": event})

    assert (answer.content, answer["Content-Type"]) == (b"success", "text/plain; charset=utf-8")


@pytest.mark.parametrize("said", ["a\x00b", "a\ud83db", "\udc00", "a\x07b\x1f", "\u202e\ufffe", "👩\u200d🚀"])
@pytest.mark.parametrize("where", ["Content", "FromUserName", "Event", "a\x00name"])
def test_a_push_with_any_sign_is_kept_and_answered(said: str, where: str) -> None:
    answer = push({**MESSAGE, where: said})
    assert (answer.status_code, answer.content) == (200, b"success")
    kept = PushMessage.objects.get().content
    assert kept[where.replace("\0", "\\u0000")] == texts.storable(said)


@pytest.mark.parametrize(
    "lie", [{"msg_signature": "0" * 40}, {"timestamp": "1"}, {"timestamp": "now"}, {"nonce": "2"}]
)
def test_a_push_that_wechat_did_not_sign_is_refused(lie: dict[str, str]) -> None:
    assert push(MESSAGE, **lie).status_code == 400
    assert PushMessage.objects.count() == 0


def test_operators_see_no_whole_openid() -> None:
    assert masked({"FromUserName": MESSAGE["FromUserName"], "List": [{"openid": "o12345678901"}]}) == {
        "FromUserName": "oABC****XYZ0",
        "List": [{"openid": "o123****8901"}],
    }
