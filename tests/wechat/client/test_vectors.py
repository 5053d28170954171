"""The client is pinned to figures computed outside this repository, not only to our own sandbox."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.wechat import errors as wechat_errors
from apps.wechat import push
from apps.wechat.pay import client, notify
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client.scripted import Heard, Script, signed, signed_headers

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def sign_text(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The text that a request's signature covers, written down from WeChat Pay's document."""
    return b"\n".join([f"{method}\n{target}\n{timestamp}\n{nonce}".encode(), body, b""])


def test_the_documented_sign_text_has_the_documented_digests() -> None:
    post = sign_text(
        "POST",
        "/v3/pay/transactions/jsapi",
        "1700000000",
        "ABCDEF0123456789",
        b'{"mchid":"1900000001","amount":{"total":1,"currency":"CNY"}}',
    )
    get = sign_text(
        "GET",
        "/v3/pay/transactions/out-trade-no/T1?mchid=1900000001",
        "1700000000",
        "ABCDEF0123456789",
        b"",
    )

    assert len(post) == 121
    assert (
        hashlib.sha256(post).hexdigest() == "e08267858b34d2dd5434d5d9f228a020e41cf6d639f84bc418861d5149e2fc1c"
    )
    assert len(get) == 87
    assert (
        hashlib.sha256(get).hexdigest() == "0c1b8b86651e5458f71b8b2fad239384ddec3b1efa3cb9686da2ae43dd56e5b4"
    )


def test_what_the_client_sends_is_signed_over_exactly_that_text(wechat: Script, account: Identity) -> None:
    unknown = b'{"code":"ORDER_NOT_EXIST","message":""}'
    wechat.say(signed(account, b'{"prepay_id":"wx1"}'), signed(account, unknown, status=404))

    client.prepay(
        out_trade_no="SO20250101000001",
        description="茶杯",
        amount_fen=1200,
        openid="oX",
        expires_at=NOW + timedelta(minutes=30),
        notify_url="https://m.example.com/wechat/pay/notify",
    )
    with pytest.raises(wechat_errors.PayOrderNotFound):
        client.query(out_trade_no="SO20250101000001")

    for heard in wechat.heard:
        check_signature(heard, account)
    prepaid, queried = wechat.heard
    assert prepaid.target == "/v3/pay/transactions/jsapi"
    assert prepaid.headers["Wechatpay-Serial"] == account.numbers.public_key_id
    assert json.loads(prepaid.body) == {
        "appid": account.numbers.appid,
        "mchid": account.numbers.mchid,
        "description": "茶杯",
        "out_trade_no": "SO20250101000001",
        "time_expire": "2026-11-23T16:30:00+08:00",
        "notify_url": "https://m.example.com/wechat/pay/notify",
        "amount": {"total": 1200, "currency": "CNY"},
        "payer": {"openid": "oX"},
    }
    assert "茶杯".encode() in prepaid.body
    assert queried.target == (
        f"/v3/pay/transactions/out-trade-no/SO20250101000001?mchid={account.numbers.mchid}"
    )


def check_signature(heard: Heard, account: Identity) -> None:
    scheme, _, fields = heard.headers["Authorization"].partition(" ")
    given = dict(re.findall(r'(\w+)="([^"]*)"', fields))
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert given["mchid"] == account.numbers.mchid
    assert given["serial_no"] == account.numbers.cert_serial
    text = sign_text(heard.method, heard.target, given["timestamp"], given["nonce_str"], heard.body)
    # Raises InvalidSignature unless it holds.
    merchant_key(account).public_key().verify(
        base64.b64decode(given["signature"]), text, PKCS1v15(), SHA256()
    )


def merchant_key(account: Identity) -> RSAPrivateKey:
    key = load_pem_private_key(account.merchant_key_file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def test_the_pay_sign_of_the_mini_program_covers_the_documented_text(
    account: Identity, settings: Any
) -> None:
    settings.WECHAT_APPID = "wx0000000000000001"
    text = b"wx0000000000000001\n1700000000\nABCDEF0123456789\nprepay_id=wx1\n"
    assert len(text) == 61
    assert (
        hashlib.sha256(text).hexdigest() == "12319aeb471deeb24f66da1799c05dc2107e4266675902402e187695f1de93d6"
    )

    asked = client.signed_for_client("wx1", timestamp="1700000000", nonce="ABCDEF0123456789")

    assert {name: asked[name] for name in ("timeStamp", "nonceStr", "package", "signType")} == {
        "timeStamp": "1700000000",
        "nonceStr": "ABCDEF0123456789",
        "package": "prepay_id=wx1",
        "signType": "RSA",
    }
    merchant_key(account).public_key().verify(base64.b64decode(asked["paySign"]), text, PKCS1v15(), SHA256())


def test_the_arguments_for_the_mini_program_carry_the_time_that_was_passed_in(account: Identity) -> None:
    asked = client.sign_for_client("wx1", at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))

    assert asked["timeStamp"] == "1700000000"
    assert len(asked["nonceStr"]) == 32


def test_a_notify_opens_to_the_documented_plain_text(account: Identity, settings: Any) -> None:
    settings.WECHATPAY_API_V3_KEY = "0123456789abcdef0123456789abcdef"
    body = json.dumps(
        {
            "id": "n1",
            "event_type": "TRANSACTION.SUCCESS",
            "resource_type": "encrypt-resource",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ("Eu6myr+6GaECeJdOZPZ6BX5lij2Voof0qlimEvBm7A/JdYKBM29u40sHJHW+Cfm4BeaY8Q=="),
                "associated_data": "transaction",
                "nonce": "abcdefghijkl",
            },
        }
    ).encode()
    headers = signed_headers(account, body, timestamp=int(NOW.timestamp()))

    read = notify.read(headers=headers, body=body, at=NOW)

    assert read == notify.Notification(
        id="n1",
        event_type="TRANSACTION.SUCCESS",
        original_type="transaction",
        resource={"out_trade_no": "T1", "说明": "好"},
    )


def test_the_push_url_is_confirmed_with_the_documented_signature(settings: Any) -> None:
    settings.WECHAT_PUSH_TOKEN = "AAAAA"
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }

    assert push.verify_url(query) == "4375120948345356249"
    assert push.signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_a_push_opens_to_the_documented_message(settings: Any) -> None:
    settings.WECHAT_PUSH_TOKEN = "AAAAA"
    settings.WECHAT_PUSH_AES_KEY = "A" * 43
    settings.WECHAT_APPID = "wxba5fad812f8e6fb9"
    sealed = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    query = {
        "timestamp": "1713424427",
        "nonce": "415670741",
        "msg_signature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
    }
    at = datetime.fromtimestamp(1713424430, tz=UTC)

    as_json = json.dumps({"ToUserName": "gh_x", "Encrypt": sealed}).encode()
    as_xml = f"<xml><ToUserName>gh_x</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()

    assert push.read(query, as_json, at=at) == {"demo_resp": "good luck"}
    assert push.read(query, as_xml, at=at) == {"demo_resp": "good luck"}


def test_a_reply_to_a_push_is_sealed_as_documented(settings: Any) -> None:
    settings.WECHAT_PUSH_TOKEN = "AAAAA"
    settings.WECHAT_PUSH_AES_KEY = "A" * 43
    settings.WECHAT_APPID = "wxba5fad812f8e6fb9"

    reply = push.sealed_reply(
        b'{"demo_resp":"good luck"}', timestamp=1713424427, nonce="415670741", random=b"707722b803182950"
    )

    assert reply == {
        "Encrypt": "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==",
        "MsgSignature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
        "TimeStamp": 1713424427,
        "Nonce": "415670741",
    }
