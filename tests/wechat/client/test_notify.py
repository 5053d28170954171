"""Reading WeChat Pay's callbacks: one way to be believed, many ways to be refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import facts, notify
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client.scripted import signed_headers

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())

PAID: dict[str, Any] = {
    "appid": "wx1",
    "mchid": "1900000001",
    "out_trade_no": "SO1",
    "transaction_id": "4200000001",
    "trade_state": "SUCCESS",
    "success_time": "2026-11-23T16:00:00+08:00",
    "payer": {"openid": "oX"},
    "amount": {"total": 1200, "payer_total": 1000, "currency": "CNY", "payer_currency": "CNY"},
}


def envelope(account: Identity, resource: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """A callback as WeChat Pay writes it; ``changes`` replace fields of its encrypted part."""
    text = json.dumps(PAID).encode() if resource is None else resource
    cipher = AESGCM(account.numbers.api_v3_key.encode())
    sealed = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(cipher.encrypt(b"abcdefghijkl", text, b"transaction")).decode(),
        "associated_data": "transaction",
        "nonce": "abcdefghijkl",
    }
    return {
        "id": "n1",
        "create_time": "2026-11-23T16:00:00+08:00",
        "event_type": "TRANSACTION.SUCCESS",
        "resource_type": "encrypt-resource",
        "summary": "支付成功",
        "resource": sealed | changes,
    }


def read(account: Identity, content: Any, *, at: datetime = NOW) -> notify.Notification:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return notify.read(headers=signed_headers(account, body, timestamp=STAMP), body=body, at=at)


def test_a_genuine_notify_is_read(account: Identity) -> None:
    told = read(account, envelope(account))
    paid = facts.transaction(told.resource)

    assert (told.id, told.event_type, told.original_type) == ("n1", "TRANSACTION.SUCCESS", "transaction")
    assert (paid.out_trade_no, paid.transaction_id, paid.is_paid) == ("SO1", "4200000001", True)
    assert (paid.amount_total_fen, paid.payer_total_fen, paid.currency) == (1200, 1000, "CNY")
    assert paid.success_time == NOW
    assert "oX" not in repr(paid)


def test_header_names_may_come_in_any_case(account: Identity) -> None:
    body = json.dumps(envelope(account)).encode()
    headers = {name.upper(): value for name, value in signed_headers(account, body, timestamp=STAMP).items()}

    assert notify.read(headers=headers, body=body, at=NOW).id == "n1"


@pytest.mark.parametrize("skew_s", [-300, 300])
def test_a_notify_up_to_five_minutes_away_is_read(account: Identity, skew_s: int) -> None:
    assert read(account, envelope(account), at=NOW + timedelta(seconds=skew_s)).id == "n1"


@pytest.mark.parametrize("skew_s", [-301, 301])
def test_a_notify_more_than_five_minutes_away_is_refused(account: Identity, skew_s: int) -> None:
    with pytest.raises(wechat_errors.NotifyRefused, match="300 s"):
        read(account, envelope(account), at=NOW + timedelta(seconds=skew_s))


@pytest.mark.parametrize(
    "name",
    [
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Serial",
        "Wechatpay-Signature",
        "Wechatpay-Signature-Type",
    ],
)
def test_a_notify_without_one_of_the_five_headers_is_refused(account: Identity, name: str) -> None:
    body = json.dumps(envelope(account)).encode()
    headers = signed_headers(account, body, timestamp=STAMP)
    del headers[name]

    with pytest.raises(wechat_errors.NotifyRefused, match=f"no {name.lower()}"):
        notify.read(headers=headers, body=body, at=NOW)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("Wechatpay-Serial", "PUB_KEY_ID_0000000000000000000000000001", "unknown serial"),
        ("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "unknown serial"),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3", "signature type"),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/QUJD", "probe"),
        ("Wechatpay-Signature", "QUJD", "does not hold"),
        ("Wechatpay-Signature", "签名", "does not hold"),
        ("Wechatpay-Nonce", "another", "does not hold"),
        ("Wechatpay-Timestamp", str(STAMP + 1), "does not hold"),
        ("Wechatpay-Timestamp", "now", "no number"),
        ("Wechatpay-Timestamp", "１７００００００００", "no number"),
        ("Wechatpay-Timestamp", "9" * 5000, "no number"),
    ],
)
def test_a_notify_with_one_header_changed_is_refused(
    account: Identity, name: str, value: str, why: str
) -> None:
    body = json.dumps(envelope(account)).encode()
    headers = signed_headers(account, body, timestamp=STAMP) | {name: value}

    with pytest.raises(wechat_errors.NotifyRefused, match=why):
        notify.read(headers=headers, body=body, at=NOW)


def test_a_notify_with_one_byte_changed_is_refused(account: Identity) -> None:
    body = json.dumps(envelope(account)).encode()
    headers = signed_headers(account, body, timestamp=STAMP)

    with pytest.raises(wechat_errors.NotifyRefused, match="does not hold"):
        notify.read(headers=headers, body=body + b" ", at=NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"associated_data": "refund"}, "does not decrypt"),
        ({"associated_data": ["transaction"]}, "incomplete"),
        ({"nonce": "abcdefghijkm"}, "does not decrypt"),
        ({"nonce": "short"}, "strange length"),
        ({"nonce": None}, "incomplete"),
        ({"ciphertext": "QUJD"}, "does not decrypt"),
        ({"ciphertext": "密文"}, "does not decrypt"),
        ({"ciphertext": 7}, "incomplete"),
        ({"algorithm": "AEAD_SM4_GCM"}, "unknown algorithm"),
    ],
)
def test_a_signed_notify_whose_resource_does_not_open_is_refused(
    account: Identity, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(wechat_errors.NotifyRefused, match=why):
        read(account, envelope(account, **changes))


def test_a_signed_notify_with_a_nonsense_content_is_refused(account: Identity) -> None:
    whole = envelope(account)
    nonsense: list[Any] = [
        b"",
        b"\xff\xfe",
        b"[" * 30_000,
        [],
        whole | {"resource": "text"},
        whole | {"resource_type": "plain"},
        whole | {"id": ""},
        whole | {"id": {"x": 1}},
        whole | {"event_type": 5},
        whole | {"id": "a\0b"},
        whole | {"event_type": "TRANSACTION.SUC\0"},
        whole | {"id": "\ud800"},
        envelope(account, b"not json"),
        envelope(account, b"[1]"),
        envelope(account, b"\xff"),
    ]

    for content in nonsense:
        with pytest.raises(wechat_errors.NotifyRefused):
            read(account, content)


def test_a_huge_notify_is_refused_before_it_is_looked_at(account: Identity) -> None:
    with pytest.raises(wechat_errors.NotifyRefused, match="too large"):
        notify.read(headers={}, body=b" " * 65_537, at=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": {"total": 12.0, "currency": "CNY"}},
        {"amount": {"total": "1200", "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"amount": {}},
        {"amount": "1200"},
        {"transaction_id": ""},
        {"out_trade_no": None},
        {"success_time": "yesterday"},
        {"success_time": "2026-11-23T16:00:00"},
    ],
)
def test_a_paid_transaction_with_a_missing_or_odd_fact_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(wechat_errors.WechatBadAnswer):
        facts.transaction(PAID | changes)


def test_a_refund_is_read_from_answers_and_from_notifies_alike() -> None:
    told = {
        "refund_id": "5000",
        "out_refund_no": "RF1",
        "transaction_id": "4200",
        "out_trade_no": "SO1",
        "amount": {"total": 1200, "refund": 600, "payer_total": 1200, "payer_refund": 600},
    }

    assert facts.refund(told | {"status": "PROCESSING"}).status == "PROCESSING"
    assert facts.refund(told | {"refund_status": "SUCCESS"}).status == "SUCCESS"
    assert facts.refund(told | {"status": "SUCCESS"}).refund_fen == 600


@pytest.mark.parametrize(
    "nonsense",
    [
        {"out_trade_no": "N\0P"},
        {"transaction_id": "4" * 300},
        {"transaction_id": "\udfff"},
        {"success_time": "9999-12-31T23:59:59-14:00"},
        {"success_time": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_what_no_column_and_no_clock_can_keep_is_no_answer(nonsense: dict[str, Any]) -> None:
    told = {
        "appid": "wx1",
        "mchid": "1",
        "out_trade_no": "P1",
        "trade_state": "SUCCESS",
        "transaction_id": "42",
        "amount": {"total": 100, "payer_total": 100, "currency": "CNY"},
        "payer": {"openid": "o1"},
        "success_time": "2026-11-30T08:00:00+08:00",
    }
    assert facts.transaction(told).out_trade_no == "P1"
    with pytest.raises(wechat_errors.WechatBadAnswer):
        facts.transaction(told | nonsense)
