"""Message push (消息推送) in secure mode: the URL check, and messages in JSON or XML, verified and decrypted.

Source: 小程序 消息推送, 消息加解密. Comparisons are in constant time. wechatpy, whose import brings clients of all of WeChat
into a web worker, is the judge in the tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings

from apps.wechat import errors as wechat_errors
from apps.wechat import pushed
from mall import text as texts

SUCCESS = "success"  # what WeChat wants to hear, within 5 s, else it sends again (3 times)
MOST_BYTES = 256 * 1024
# WeChat documents no window. Its three deliveries take seconds, so ten minutes allow for a wrong clock.
MOST_SKEW_S = 600
_BLOCK = 32  # WeChat pads to 32 bytes, not to AES's 16
# Signs that XML 1.0 does not allow, and references to them.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)


def verify_url(query: Mapping[str, str]) -> str:
    """Return the echostr to be answered when the operator saves the push URL. Raises PushRefused."""
    expected = signature(settings.WECHAT_PUSH_TOKEN, query.get("timestamp", ""), query.get("nonce", ""))
    _compare(expected, query.get("signature", ""))
    return query.get("echostr", "")


def read(query: Mapping[str, str], body: bytes, *, at: datetime) -> dict[str, Any]:
    """Return the message in ``body``, received ``at``, as a plain dict. Raises PushRefused: answer 4xx.

    ``query`` holds the URL's parameters. Only secure mode is accepted: with ``msg_signature`` over the
    encrypted text, for our appid. Values of XML messages are texts, repeated elements lists.
    """
    if len(body) > MOST_BYTES:
        raise wechat_errors.PushRefused("body too large")
    timestamp = query.get("timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise wechat_errors.PushRefused("timestamp is no number")
    if abs(at.timestamp() - int(timestamp)) > MOST_SKEW_S:
        raise wechat_errors.PushRefused("timestamp more than ten minutes away")
    sealed = _parsed(body).get("Encrypt")
    if not isinstance(sealed, str) or not sealed:
        raise wechat_errors.PushRefused("not in secure mode (安全模式)")
    expected = signature(settings.WECHAT_PUSH_TOKEN, timestamp, query.get("nonce", ""), sealed)
    _compare(expected, query.get("msg_signature", ""))
    return _parsed(_opened(sealed))


def answer(
    message: Mapping[str, Any], *, query: Mapping[str, str], body: bytes, at: datetime, random: bytes
) -> tuple[str, str]:
    """Return what a message that came as ``body`` is answered, and its content type.

    An event is answered ``success``. What a customer wrote (text, picture, card, …) nobody here answers: it is passed
    on to the merchant's service staff, who hear only of sessions that are handed over while the push is switched on.
    ``random`` is 16 bytes. Source: 小程序 客服消息, 转发消息 (transfer_customer_service); 消息加解密.
    """
    kind, customer = message.get("MsgType"), message.get("FromUserName")
    if kind in (None, "", "event") or not isinstance(customer, str) or not customer:
        return SUCCESS, "text/plain; charset=utf-8"
    handed_over: dict[str, str | int] = {
        "ToUserName": customer,
        "FromUserName": str(message.get("ToUserName", "")),
        "CreateTime": int(at.timestamp()),
        "MsgType": "transfer_customer_service",
    }
    as_xml = body.lstrip()[:1] == b"<"
    sealed = sealed_reply(
        _written(handed_over, as_xml=as_xml).encode(),
        timestamp=int(at.timestamp()),
        nonce=query.get("nonce", ""),
        random=random,
    )
    kind_of_text = "text/xml" if as_xml else "application/json"
    return _written(sealed, as_xml=as_xml), f"{kind_of_text}; charset=utf-8"


def sealed_reply(message: bytes, *, timestamp: int, nonce: str, random: bytes) -> dict[str, str | int]:
    """Return the envelope of a reply: AES-256-CBC over 16 random bytes, length, message and appid, padded to 32."""
    key = base64.b64decode(settings.WECHAT_PUSH_AES_KEY + "=")
    plain = random + struct.pack(">I", len(message)) + message + settings.WECHAT_APPID.encode()
    missing = _BLOCK - len(plain) % _BLOCK
    sealing = _cipher(key).encryptor()
    encrypted = sealing.update(plain + bytes([missing]) * missing) + sealing.finalize()
    encrypt = base64.b64encode(encrypted).decode()
    return {
        "Encrypt": encrypt,
        "MsgSignature": signature(settings.WECHAT_PUSH_TOKEN, str(timestamp), nonce, encrypt),
        "TimeStamp": timestamp,
        "Nonce": nonce,
    }


def message_key(message: Mapping[str, Any]) -> str:
    """Return what tells one message from another: the same for each delivery of the same message.

    MsgId where there is one; else FromUserName + CreateTime + Event, as WeChat advises, with the payment or the
    check, the templates and messages, the card, or the waybill's steps an event is about, since several may come in one
    second. Hashed, because FromUserName is an openid.
    """
    if message.get("MsgId"):
        parts = ["MsgId", str(message["MsgId"])]
    else:
        parts = [
            str(message.get(n, ""))
            for n in ("MsgId", "FromUserName", "CreateTime", "Event", "transaction_id")
        ]
        parts += [str(message[n]) for n in ("trace_id", "notify_code", "card_status") if message.get(n)]
        if message.get("WayBillId"):
            parts += [str(message.get(n, "")) for n in ("DeliveryID", "WayBillId", "Version")]
            parts.append(json.dumps(message.get("Actions"), ensure_ascii=False, sort_keys=True))
        rows = pushed.entries(message)
        parts += [json.dumps(rows, ensure_ascii=False, sort_keys=True)] if rows else []
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def signature(*parts: str) -> str:
    """Return the hexadecimal SHA-1 of the sorted parts, WeChat's signature of pushes."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8")).hexdigest()  # noqa: S324 - WeChat's choice


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", errors="replace")):
        raise wechat_errors.PushRefused("signature does not hold")


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    """AES-256-CBC whose first block is chained to the first half of the key, as WeChat has it."""
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def _opened(sealed: str) -> bytes:
    """Decrypt an authentic text: AES-256-CBC, 16 random bytes, length, message, appid (checked), PKCS#7 padding."""
    key = base64.b64decode(settings.WECHAT_PUSH_AES_KEY + "=")
    try:
        opening = _cipher(key).decryptor()
        opened = opening.update(base64.b64decode(sealed)) + opening.finalize()
        length = int(struct.unpack(">I", opened[16:20])[0])
        sender = opened[20 + length : -opened[-1]]
    except (ValueError, IndexError, struct.error):
        raise wechat_errors.PushRefused("message does not decrypt") from None
    if not hmac.compare_digest(sender, settings.WECHAT_APPID.encode()):
        raise wechat_errors.PushRefused("for another mini program")
    return bytes(opened[20 : 20 + length])


def _parsed(body: bytes) -> dict[str, Any]:
    """Return the object in ``body``; the console decides between JSON and XML, so both are understood.

    Shoppers' words may hold anything: control characters, NUL, halves of characters. None of them is a reason
    to refuse what WeChat signed; what no database keeps is written out (``mall.text.storable``).
    """
    said = body.decode("utf-8", errors="replace")
    is_xml = said.lstrip()[:1] == "<"
    try:
        parsed = texts.storable(
            _plain(fromstring(_CONTROLS.sub(_written_out, said), forbid_dtd=True))
            if is_xml
            else json.loads(said, strict=False)
        )
    except (ValueError, RecursionError, ParseError, DefusedXmlException):
        raise wechat_errors.PushRefused("neither JSON nor XML") from None
    if not isinstance(parsed, dict):
        raise wechat_errors.PushRefused("no object")
    return parsed


def _written_out(found: re.Match[str]) -> str:
    """A sign that XML does not allow, as its code."""
    sign = found[0]
    return f"\\u{ord(sign) if len(sign) == 1 else _number(sign):04x}"


def _written(fields: Mapping[str, str | int], *, as_xml: bool) -> str:
    """A reply in the format in which the message came."""
    if not as_xml:
        return json.dumps(fields, ensure_ascii=False)
    elements = (f"<{name}>{_element(value)}</{name}>" for name, value in fields.items())
    return f"<xml>{''.join(elements)}</xml>"


def _element(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return escape(value) if "]]>" in value else f"<![CDATA[{value}]]>"


def _number(reference: str) -> int:
    """The sign that a character reference of XML, ``&#x1F;`` or ``&#31;``, stands for."""
    digits = reference.strip("&#;")
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _plain(element: Element) -> Any:
    """Return an element as its text, or as a dict of its children; what repeats becomes a list."""
    if len(element) == 0:
        return (element.text or "").strip()
    plain: dict[str, Any] = {}
    for child in element:
        value = _plain(child)
        if child.tag not in plain:
            plain[child.tag] = value
        elif isinstance(plain[child.tag], list):
            plain[child.tag].append(value)
        else:
            plain[child.tag] = [plain[child.tag], value]
    return plain
