"""Customer-service messages (客服消息): five after each word of the customer, within 48 hours."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import Media, ServiceMessage, ServiceWindow
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

WINDOW_S = 48 * 3600
MESSAGES = 5
MEDIA_LIFE_S = 3 * 24 * 3600
# What each kind must be told with.
_FIELDS = {
    "text": ("content",),
    "image": ("media_id",),
    "link": ("title", "description", "url", "thumb_url"),
    "miniprogrampage": ("title", "pagepath", "thumb_media_id"),
}
_LONGEST_TEXT = 2048  # bytes


def open_window(world: World, *, openid: str) -> None:
    """Note that the customer wrote."""
    world.store.service_windows.keep(ServiceWindow(openid, opened_at=world.now(), left=MESSAGES))


def keep_media(world: World) -> str:
    """Return the number of a new temporary picture."""
    return world.store.media.keep(Media(secrets.token_urlsafe(48), made_at=world.now())).media_id


def send(world: World, request: Request) -> Response:
    """POST /cgi-bin/message/custom/send: to a customer who wrote, in one of four kinds."""
    asked = body_of(request)
    openid, kind = asked.get("touser"), asked.get("msgtype")
    if not isinstance(openid, str) or world.store.shoppers.get(openid) is None:
        raise Refused(40003, "invalid openid")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refused(40008, "invalid message type")
    content = _content(world, kind, asked.get(kind))
    window = world.store.service_windows.get(openid)
    if window is None or window.opened_at + WINDOW_S <= world.now():
        raise Refused(45015, "response out of time limit or subscription is canceled")
    if window.left < 1:
        raise Refused(45047, "out of response count limit")
    world.store.service_windows.keep(replace(window, left=window.left - 1))
    number = len(world.store.service_messages) + 1
    world.store.service_messages.keep(ServiceMessage(number, openid, kind, content, sent_at=world.now()))
    return ok()


def upload(world: World, request: Request) -> Response:
    """POST /cgi-bin/media/upload: a picture in a form, kept for three days."""
    if request.query.get("type") != "image":
        raise Refused(40004, "invalid media type")
    is_form = request.headers.get("content-type", "").startswith("multipart/form-data; boundary=")
    if not is_form or b'name="media"; filename="' not in request.body:
        raise Refused(41005, "media data missing")
    return ok(type="image", media_id=keep_media(world), created_at=int(world.now()))


def _content(world: World, kind: str, told: object) -> Json:
    given = told if isinstance(told, dict) else {}
    content = {
        name: given[name] for name in _FIELDS[kind] if isinstance(given.get(name), str) and given[name]
    }
    if len(content) < len(_FIELDS[kind]):
        raise Refused(44004 if kind == "text" else 47001, "empty content")
    if kind == "text" and len(content["content"].encode(errors="replace")) > _LONGEST_TEXT:
        raise Refused(45002, "content size out of limit")
    for name in ("media_id", "thumb_media_id"):
        media = world.store.media.get(content[name]) if name in content else None
        if name in content and (media is None or media.made_at + MEDIA_LIFE_S <= world.now()):
            raise Refused(40007, "invalid media_id")
    return content


ROUTES = [
    Route("POST", "/cgi-bin/message/custom/send", send),
    Route("POST", "/cgi-bin/media/upload", upload),
]
