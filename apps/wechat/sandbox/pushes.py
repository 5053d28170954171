"""Message push (消息推送) in secure mode: events to the shop, sealed and signed, as JSON or XML."""

from __future__ import annotations

import json
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import requests

from apps.wechat.sandbox import crypto, deliveries
from apps.wechat.sandbox.wire import Json, in_utf8
from apps.wechat.sandbox.world import digits

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

PAUSES_S = (5, 5)  # three tries in all; WeChat names no pauses, these are ours
# What the rows of a subscription event stand in when it is XML; in JSON they stand on top.
WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def announce(world: World, *, event: str, openid: str, content: Json) -> None:
    """Push ``event`` with its own fields; nothing while no push address is configured."""
    _send(world, event=event, openid=openid, content={"MsgType": "event", "Event": event, **content})


def pass_on(world: World, *, openid: str, kind: str, content: Json) -> None:
    """Push what a customer wrote to the service: MsgType text, image, …, with its MsgId."""
    _send(world, event=kind, openid=openid, content={"MsgType": kind, "MsgId": digits(17), **content})


def _send(world: World, *, event: str, openid: str, content: Json) -> None:
    if not world.push_url:
        return
    message = {
        "ToUserName": world.numbers.original_id,
        "FromUserName": openid or world.numbers.original_id,
        "CreateTime": int(world.now()),
        **content,
    }
    delivery = deliveries.Delivery(
        channel="push",
        event=event,
        about=str(content.get("transaction_id") or openid),
        url=world.push_url,
        content=message,
        compose=partial(_compose, world, openid, message),
        is_accepted=_is_accepted,
        pauses_s=PAUSES_S,
    )
    deliveries.start(world, delivery, delay_s=world.pace.scaled(world.pace.first_notify_s))


def verify_url(world: World) -> Json:
    """Do WeChat's check of a newly entered address: the shop must echo a random text."""
    timestamp, nonce, echo = str(int(time.time())), digits(10), digits(19)
    query = {
        "signature": crypto.push_signature(world.numbers.push_token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.get(world.push_url, params=query, timeout=deliveries.ANSWER_WITHIN_S)
        except requests.RequestException as failure:
            return {"ok": False, "status": None, "answer": type(failure).__name__}
    return {
        "ok": response.status_code == 200 and response.text == echo,
        "status": response.status_code,
        "answer": response.text[:200],
    }


def _compose(world: World, openid: str, message: Json) -> deliveries.Outgoing:
    as_xml = world.push_format == "xml"
    plain = xml(message) if as_xml else json.dumps(message, ensure_ascii=False)
    encrypt = crypto.seal_push(
        aes_key=world.numbers.push_aes_key,
        appid=world.numbers.appid,
        message=in_utf8(plain),
        random=secrets.token_bytes(16),
    )
    timestamp, nonce, token = str(int(time.time())), digits(10), world.numbers.push_token
    query = {
        "signature": crypto.push_signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
        "encrypt_type": "aes",
        "msg_signature": crypto.push_signature(token, timestamp, nonce, encrypt),
    }
    envelope = {"ToUserName": world.numbers.original_id, "Encrypt": encrypt}
    body = xml(envelope) if as_xml else json.dumps(envelope)
    return deliveries.Outgoing(
        url=f"{world.push_url}?{urlencode(query, errors='backslashreplace')}",
        body=in_utf8(body),
        headers={"Content-Type": "text/xml" if as_xml else "application/json"},
    )


def _is_accepted(status: int, answer: str) -> bool:
    """``success``, nothing, or a sealed reply."""
    return status == 200 and (
        answer.strip() in ("", "success") or '"Encrypt"' in answer or "<Encrypt>" in answer
    )


def xml(message: Json) -> str:
    """Write an event as WeChat's XML: texts in CDATA, lists as repeated elements, ``List`` in its event's wrapper."""
    wrapper = WRAPPERS.get(str(message.get("Event")))
    if wrapper is not None and "List" in message:
        told = {name: value for name, value in message.items() if name != "List"}
        message = {**told, wrapper: {"List": message["List"]}}
    return f"<xml>{_elements(message)}</xml>"


def _elements(fields: Json) -> str:
    parts: list[str] = []
    for name, value in fields.items():
        if isinstance(value, dict):
            parts.append(f"<{name}>{_elements(value)}</{name}>")
        elif isinstance(value, list):
            parts.extend(f"<{name}>{_elements(row)}</{name}>" for row in value)
        elif isinstance(value, int):
            parts.append(f"<{name}>{value}</{name}>")
        else:
            text = str(value)
            parts.append(f"<{name}>{escape(text) if ']]>' in text else f'<![CDATA[{text}]]>'}</{name}>")
    return "".join(parts)
