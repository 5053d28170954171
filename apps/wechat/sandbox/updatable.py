"""Updatable messages (动态消息): a card that was sent goes on telling how many have joined, for 24 hours."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import Activity
from apps.wechat.sandbox.wire import Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

LIFE_S = 24 * 3600
# What each state must be told with: 0 while members join, 1 once it has begun.
_NEEDED = {0: ("member_count", "room_limit"), 1: ("path", "version_type")}


def create(world: World, request: Request) -> Response:
    """GET /cgi-bin/message/wxopen/activityid/create: an id that cards can be sent with."""
    made = Activity(
        activity_id=f"{secrets.randbelow(9000) + 1000}_{secrets.token_urlsafe(48)}",
        expires_at=world.now() + LIFE_S,
    )
    world.store.activities.keep(made)
    return ok(activity_id=made.activity_id, expiration_time=int(made.expires_at))


def send(world: World, request: Request) -> Response:
    """POST /cgi-bin/message/wxopen/updatablemsg/send: changes every card that was sent with the id."""
    asked = body_of(request)
    activity = world.store.activities.get(asked.get("activity_id"))
    if activity is None:
        raise Refused(47501, "activity_id parameter error")
    if activity.expires_at <= world.now():
        raise Refused(47504, "activity_id expired")
    state = asked.get("target_state")
    # 0 to 0 and 0 to 1 only: a card that has begun stays as it is.
    if isinstance(state, bool) or state not in (0, 1) or activity.state == 1:
        raise Refused(47502, "target_state parameter error")
    told = _parameters(asked.get("template_info"))
    if any(not told.get(name) for name in _NEEDED[state]):
        raise Refused(47001, "data format error")
    if state == 1 and told["version_type"] not in ("develop", "trial", "release"):
        raise Refused(47503, "version_type parameter error")
    changed = {"state": state, "parameters": {**activity.parameters, **told}}
    world.store.activities.keep(replace(activity, **changed, updates=activity.updates + 1))
    return ok()


def _parameters(info: object) -> dict[str, str]:
    """Return name → value; 47001 for what is no list of names and texts."""
    listed = info.get("parameter_list") if isinstance(info, dict) else None
    if not isinstance(listed, list):
        raise Refused(47001, "data format error")
    told: dict[str, str] = {}
    for one in listed:
        name, value = (one.get("name"), one.get("value")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str):
            raise Refused(47001, "data format error")
        told[name] = value
    return told


ROUTES = [
    Route("GET", "/cgi-bin/message/wxopen/activityid/create", create),
    Route("POST", "/cgi-bin/message/wxopen/updatablemsg/send", send),
]
