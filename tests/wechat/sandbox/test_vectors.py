"""The sandbox's own cryptography against the vectors of wechat.md: it is pinned to them, not to the shop's client."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.wechat.sandbox import crypto

# The official demonstration account of the message push documents.
TOKEN, AES_KEY, APPID = "AAAAA", "A" * 43, "wxba5fad812f8e6fb9"
ENCRYPT = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="


def _digest(text: bytes) -> tuple[int, str]:
    return len(text), hashlib.sha256(text).hexdigest()


def test_a_posted_request_is_signed_over_these_bytes() -> None:
    text = crypto.request_text(
        method="POST",
        target="/v3/pay/transactions/jsapi",
        timestamp="1700000000",
        nonce="ABCDEF0123456789",
        body=b'{"mchid":"1900000001","amount":{"total":1,"currency":"CNY"}}',
    )
    assert _digest(text) == (121, "e08267858b34d2dd5434d5d9f228a020e41cf6d639f84bc418861d5149e2fc1c")


def test_a_request_without_body_is_signed_over_these_bytes() -> None:
    text = crypto.request_text(
        method="GET",
        target="/v3/pay/transactions/out-trade-no/T1?mchid=1900000001",
        timestamp="1700000000",
        nonce="ABCDEF0123456789",
        body=b"",
    )
    assert _digest(text) == (87, "0c1b8b86651e5458f71b8b2fad239384ddec3b1efa3cb9686da2ae43dd56e5b4")


def test_pay_sign_is_over_these_bytes() -> None:
    text = crypto.payment_text(
        appid="wx0000000000000001",
        timestamp="1700000000",
        nonce="ABCDEF0123456789",
        package="prepay_id=wx1",
    )
    assert _digest(text) == (61, "12319aeb471deeb24f66da1799c05dc2107e4266675902402e187695f1de93d6")


def test_an_answer_is_signed_over_timestamp_nonce_and_body() -> None:
    assert crypto.answer_text(timestamp="1", nonce="n", body=b"{}") == b"1\nn\n{}\n"
    assert crypto.answer_text(timestamp="1", nonce="n", body=b"") == b"1\nn\n\n"


def test_a_resource_is_sealed_with_the_api_v3_key() -> None:
    plain = '{"out_trade_no":"T1","说明":"好"}'.encode()
    key = "0123456789abcdef0123456789abcdef"
    sealed = crypto.seal_resource(
        api_v3_key=key, nonce="abcdefghijkl", associated_data="transaction", plain=plain
    )
    assert sealed == "Eu6myr+6GaECeJdOZPZ6BX5lij2Voof0qlimEvBm7A/JdYKBM29u40sHJHW+Cfm4BeaY8Q=="
    opened = crypto.open_resource(
        api_v3_key=key, nonce="abcdefghijkl", associated_data="transaction", ciphertext=sealed
    )
    assert opened == plain


def test_the_official_push_vectors_are_reproduced() -> None:
    assert (
        crypto.push_signature(TOKEN, "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    )
    assert (
        crypto.push_signature(TOKEN, "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    )
    sealed = crypto.seal_push(
        aes_key=AES_KEY, appid=APPID, message=b'{"demo_resp":"good luck"}', random=b"707722b803182950"
    )
    assert sealed == ENCRYPT
    signature = crypto.push_signature(TOKEN, "1713424427", "415670741", sealed)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    assert crypto.open_push(aes_key=AES_KEY, appid=APPID, encrypt=ENCRYPT) == b'{"demo_resp":"good luck"}'


def test_a_push_for_another_account_or_of_rubbish_is_unreadable() -> None:
    with pytest.raises(crypto.Unreadable):
        crypto.open_push(aes_key=AES_KEY, appid="wx0000000000000001", encrypt=ENCRYPT)
    for rubbish in ("", "x", "AAAA", ENCRYPT[:-24]):
        with pytest.raises(crypto.Unreadable):
            crypto.open_push(aes_key=AES_KEY, appid=APPID, encrypt=rubbish)


def test_only_the_key_owner_s_signature_over_the_same_bytes_is_one() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = crypto.sign(key, b"text")
    assert crypto.is_signed(key.public_key(), b"text", signature)
    assert not crypto.is_signed(key.public_key(), b"text\n", signature)
    for rubbish in ("", "x", "WECHATPAY/SIGNTEST/abc", signature[:-4]):
        assert not crypto.is_signed(key.public_key(), b"text", rubbish)
