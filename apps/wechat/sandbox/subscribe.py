"""Subscription messages (订阅消息): one accepted prompt is one message, and what happens to each is pushed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import pushes, template_values
from apps.wechat.sandbox.miniprogram import WORDS, Refused, body_of, ok
from apps.wechat.sandbox.store import Grant, Message, Template
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

MOST_ASKED = 3


class NotAsked(Exception):
    """wx.requestSubscribeMessage failed before the user saw anything; the text begins with its errCode."""


def send(world: World, request: Request) -> Response:
    """POST /cgi-bin/message/subscribe/send: checks the values, uses up one grant, delivers, tells of it."""
    asked = body_of(request)
    openid = asked.get("touser")
    if not isinstance(openid, str) or world.store.shoppers.get(openid) is None:
        raise Refused(40003, "invalid openid")
    template = world.store.templates.get(asked.get("template_id"))
    if template is None or not template.keywords:
        raise Refused(40037, "invalid template_id")
    if asked.get("miniprogram_state", "formal") not in ("developer", "trial", "formal"):
        raise Refused(40097, "invalid args")
    page = asked.get("page", "")
    if not isinstance(page, str) or page.startswith("/"):
        raise Refused(41030, "invalid page")
    values = _values(template, asked.get("data"))
    grant = world.store.grants.get(f"{openid}|{template.template_id}")
    if grant is None or grant.refused or grant.left < 1:
        raise Refused(43101, "user refuse to accept the msg")
    world.store.grants.keep(replace(grant, left=grant.left - 1))
    message = Message(
        msgid=secrets.randbelow(9 * 10**17) + 10**17,
        openid=openid,
        template_id=template.template_id,
        page=page,
        values=values,
        sent_at=world.now(),
    )
    _deliver(world, message)
    return ok(msgid=message.msgid)


def answer_prompt(world: World, *, openid: str, template_ids: list[str], accept: bool) -> list[Grant]:
    """Let a shopper answer one prompt: each accepted template is one grant more. Raises NotAsked."""
    _check_prompt(world, template_ids)
    grants = [_grant(world, openid, template_id) for template_id in template_ids]
    if accept:
        grants = [
            world.store.grants.keep(replace(grant, left=grant.left + 1, refused=False)) for grant in grants
        ]
    status = "accept" if accept else "reject"
    rows = [
        {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": "0"}
        for template_id in template_ids
    ]
    _tell(world, "subscribe_msg_popup_event", openid, rows)
    return grants


def turn_off(world: World, *, openid: str, template_ids: list[str]) -> list[Grant]:
    """Let a shopper choose 拒收 in the menu of a card: all grants of these templates are gone. Raises NotAsked."""
    _check_prompt(world, template_ids)
    grants = [
        world.store.grants.keep(replace(_grant(world, openid, template_id), left=0, refused=True))
        for template_id in template_ids
    ]
    rows = [{"TemplateId": template_id, "SubscribeStatusString": "reject"} for template_id in template_ids]
    _tell(world, "subscribe_msg_change_event", openid, rows)
    return grants


def _deliver(world: World, message: Message) -> None:
    """Hand the message over, unless WeChat's system fails at it, and tell what became of it."""
    lost = world.faults.take("message_lost")
    if lost is None:
        world.store.messages.keep(message)
    row = {
        "TemplateId": message.template_id,
        "MsgID": str(message.msgid),
        "ErrorCode": "0" if lost is None else lost.text("error", "-1"),
        "ErrorStatus": "success" if lost is None else "system error",
    }
    _tell(world, "subscribe_msg_sent_event", message.openid, [row])


def _check_prompt(world: World, template_ids: list[str]) -> None:
    templates = [world.store.templates.get(template_id) for template_id in template_ids]
    known = [template for template in templates if template is not None and template.keywords]
    if not known or len(known) != len(templates):
        raise NotAsked("20001: No template data return, verify the template id exist")
    if len({template.kind for template in known}) > 1:
        raise NotAsked("20002: Templates type must be same")
    if len(templates) > MOST_ASKED:
        raise NotAsked("20003: Templates count out of max bounds")


def _grant(world: World, openid: str, template_id: str) -> Grant:
    return world.store.grants.get(f"{openid}|{template_id}") or Grant(openid, template_id, 0)


def _tell(world: World, event: str, openid: str, rows: list[dict[str, str]]) -> None:
    """Push a subscription event: the row itself when there is one, numbers and the time as strings."""
    content: Json = {"CreateTime": str(int(world.now())), "List": rows[0] if len(rows) == 1 else rows}
    pushes.announce(world, event=event, openid=openid, content=content)


def _values(template: Template, data: object) -> dict[str, str]:
    """Return keyword → value; 47003 names the first that is missing, not the template's, or breaks its rule."""
    if not isinstance(data, dict) or not data:
        raise Refused(47003, "argument invalid! data is empty")
    keywords = {str(word["key"]): word["values"] for word in template.keywords}
    values: dict[str, str] = {}
    for keyword in [*keywords, *data]:
        holder = data.get(keyword)
        value = holder.get("value") if isinstance(holder, dict) else None
        if (
            keyword not in keywords
            or not isinstance(value, str)
            or not template_values.fits(keyword, value, allowed=keywords[keyword])
        ):
            raise Refused(47003, f"argument invalid! data.{keyword}.value invalid")
        values[keyword] = value
    if any(word in value for word in WORDS for value in values.values()):
        raise Refused(45168, "has sensitive word")
    return values


ROUTES = [Route("POST", "/cgi-bin/message/subscribe/send", send)]
