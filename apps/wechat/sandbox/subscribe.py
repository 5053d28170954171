"""Subscribe messages (订阅消息): one accepted prompt is one message."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import template_values
from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import Grant, Message
from apps.wechat.sandbox.wire import Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World


def send(world: World, request: Request) -> Response:
    """POST /cgi-bin/message/subscribe/send: checks the values, uses up one grant, delivers."""
    asked = body_of(request)
    openid, template_id = asked.get("touser"), asked.get("template_id")
    if not isinstance(openid, str) or world.store.shoppers.get(openid) is None:
        raise Refused(40003, "invalid openid")
    if not isinstance(template_id, str) or not template_id:
        raise Refused(40037, "invalid template_id")
    if asked.get("miniprogram_state", "formal") not in ("developer", "trial", "formal"):
        raise Refused(40097, "invalid args")
    page = asked.get("page", "")
    if not isinstance(page, str) or page.startswith("/"):
        raise Refused(41030, "invalid page")
    values = _values(asked.get("data"))
    grant = world.store.grants.get(f"{openid}|{template_id}")
    if grant is None or grant.left < 1:
        raise Refused(43101, "user refuse to accept the msg")
    world.store.grants.keep(replace(grant, left=grant.left - 1))
    message = Message(
        msgid=secrets.randbelow(9 * 10**17) + 10**17,
        openid=openid,
        template_id=template_id,
        page=page,
        values=values,
        sent_at=world.now(),
    )
    return ok(msgid=world.store.messages.keep(message).msgid)


def answer_prompt(world: World, *, openid: str, template_id: str, accept: bool) -> Grant:
    """Let a shopper accept (one more grant) or reject (no change) the prompt of a template."""
    grant = world.store.grants.get(f"{openid}|{template_id}") or Grant(openid, template_id, 0)
    return world.store.grants.keep(replace(grant, left=grant.left + 1) if accept else grant)


def _values(data: object) -> dict[str, str]:
    """Return keyword → value; 47003 names the first value that WeChat would not take."""
    if not isinstance(data, dict) or not data:
        raise Refused(47003, "argument invalid! data is empty")
    values: dict[str, str] = {}
    for keyword, holder in data.items():
        value = holder.get("value") if isinstance(holder, dict) else None
        if not isinstance(value, str) or not template_values.fits(keyword, value):
            raise Refused(47003, f"argument invalid! data.{keyword}.value invalid")
        values[keyword] = value
    return values


ROUTES = [Route("POST", "/cgi-bin/message/subscribe/send", send)]
