"""Message push: WeChat checks the address, then tells what happened; each telling is kept once."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from apps.outbox.models import Announcement
from apps.wechat.admin import masked
from apps.wechat.models import PushMessage
from apps.wechat.sandbox import crypto
from mall import text

pytestmark = pytest.mark.django_db

MESSAGE = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
    "CreateTime": 1767225600,
    "MsgType": "event",
    "Event": "trade_manage_order_settlement",
    "transaction_id": "420000001",
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


@pytest.mark.parametrize("said", ["a\x00b", "a\ud83db", "\udc00", "a\x07b\x1f", "\u202e\ufffe", "👩\u200d🚀"])
@pytest.mark.parametrize("where", ["Content", "FromUserName", "Event", "a\x00name"])
def test_a_push_with_any_sign_is_kept_and_answered(said: str, where: str) -> None:
    answer = push({**MESSAGE, where: said})
    assert (answer.status_code, answer.content) == (200, b"success")
    kept = PushMessage.objects.get().content
    assert kept[where.replace("\0", "\\u0000")] == text.storable(said)


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
