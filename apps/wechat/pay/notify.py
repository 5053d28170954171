"""Callbacks of WeChat Pay (回调通知): nothing in one is believed before its signature is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from wechatpayv3.utils import aes_decrypt

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import gateway
from mall.text import storable

MOST_BYTES = 64 * 1024  # a notify is about 1 KiB
_HEADERS = tuple((name, f"HTTP_{name.upper().replace('-', '_')}") for name in gateway.HEADERS)
_NONCE_BYTES = range(8, 129)  # what AES-GCM takes; WeChat sends 12


@dataclass(frozen=True)
class Notification:
    """A verified, decrypted callback. ``id`` is WeChat's and stays the same when it is delivered again.

    ``resource`` holds a payment (read it by ``facts.transaction``), a refund (``facts.refund``) or a transfer
    (``transfers.read``); ``original_type`` says which.
    """

    id: str
    event_type: str
    original_type: str
    resource: dict[str, Any] = field(repr=False)


def headers_of(environment: Mapping[str, Any]) -> dict[str, str]:
    """The headers that ``read`` asks for, out of a request's WSGI environment: to tell all of them takes longer."""
    return {name: environment[key] for name, key in _HEADERS if key in environment}


def read(*, headers: Mapping[str, str], body: bytes, at: datetime) -> Notification:
    """Return the notification in ``body``, received ``at``; raises NotifyRefused, to be answered 4xx.

    ``headers`` are the request's, names in any case. The raw bytes are needed, not a parsed form. The caller
    still compares appid, mchid, currency and amount with its own order.
    """
    if len(body) > MOST_BYTES:
        raise wechat_errors.NotifyRefused("body too large")
    by_name = {name.lower(): value for name, value in headers.items()}
    try:
        gateway.verify(by_name, body, now_s=at.timestamp())
    except gateway.NotSigned as fault:
        raise wechat_errors.NotifyRefused(str(fault)) from None
    envelope = _object(body.decode("utf-8"), "body")
    sealed = envelope.get("resource")
    if envelope.get("resource_type") != "encrypt-resource" or not isinstance(sealed, dict):
        raise wechat_errors.NotifyRefused("no encrypted resource")
    notify_id, event_type = envelope.get("id"), envelope.get("event_type")
    if not (isinstance(notify_id, str) and 0 < len(notify_id) <= 128 and storable(notify_id) == notify_id):
        raise wechat_errors.NotifyRefused("no id")
    if not (isinstance(event_type, str) and 0 < len(event_type) <= 64 and storable(event_type) == event_type):
        raise wechat_errors.NotifyRefused("no event_type")
    return Notification(
        id=notify_id,
        event_type=event_type,
        original_type=str(sealed.get("original_type", "")),
        resource=_object(_opened(sealed), "resource"),
    )


def _opened(sealed: Mapping[str, Any]) -> str:
    """Decrypt the resource: AES-256-GCM under the APIv3 key, the tag at the end of the ciphertext."""
    if sealed.get("algorithm") != "AEAD_AES_256_GCM":
        raise wechat_errors.NotifyRefused("unknown algorithm")
    nonce, ciphertext = sealed.get("nonce"), sealed.get("ciphertext")
    bound = sealed.get("associated_data") or ""
    if not (isinstance(nonce, str) and isinstance(ciphertext, str) and isinstance(bound, str)):
        raise wechat_errors.NotifyRefused("resource is incomplete")
    if len(nonce.encode()) not in _NONCE_BYTES:
        raise wechat_errors.NotifyRefused("nonce of a strange length")
    try:
        opened = aes_decrypt(nonce, ciphertext, bound, settings.WECHATPAY_API_V3_KEY)
    except ValueError:  # not base64, shorter than the tag, or not UTF-8 inside
        opened = None
    if not isinstance(opened, str):
        raise wechat_errors.NotifyRefused("resource does not decrypt")
    return opened


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise wechat_errors.NotifyRefused(f"{what} is no JSON") from None
    if not isinstance(value, dict):
        raise wechat_errors.NotifyRefused(f"{what} is no object")
    return value
