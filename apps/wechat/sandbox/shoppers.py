"""What a person does on their phone beside paying: open the mini program, give a phone number, accept prompts."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import miniprogram, pushes, service, shipping, subscribe
from apps.wechat.sandbox.store import Shipment, Shopper
from apps.wechat.sandbox.wire import Json, in_utf8

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World


def open_shop(world: World, *, nickname: str, with_unionid: bool = False) -> tuple[Shopper, str]:
    """Return the shopper of this nickname, always with the same openid, and a fresh wx.login code."""
    openid = "o" + _name(world, "openid", nickname)
    known = world.store.shoppers.get(openid) or Shopper(openid=openid, nickname=nickname)
    unionid = "o" + _name(world, "unionid", nickname) if with_unionid else known.unionid
    shopper = world.store.shoppers.keep(replace(known, unionid=unionid, seen_at=world.now()))
    return shopper, miniprogram.new_code(world, kind="login", openid=openid)


def give_phone(world: World, *, shopper: Shopper, phone: str) -> str:
    """Return the phone button's code for ``phone``, or for the shopper's own number when it is empty."""
    number = (
        phone
        or shopper.phone
        or "138" + str(int(hashlib.sha256(shopper.openid.encode()).hexdigest(), 16))[-8:]
    )
    world.store.shoppers.keep(replace(shopper, phone=number))
    return miniprogram.new_code(world, kind="phone", openid=shopper.openid, phone=number)


def answer_prompts(world: World, *, openid: str, template_ids: list[str], accept: bool) -> list[Json]:
    """Answer one prompt for these templates and return the grants; raises subscribe.NotAsked."""
    answered = subscribe.answer_prompt(world, openid=openid, template_ids=template_ids, accept=accept)
    return [vars(grant) for grant in answered]


def turn_messages_off(world: World, *, openid: str, template_ids: list[str]) -> list[Json]:
    """Choose 拒收 in the menu of a card and return the grants; raises subscribe.NotAsked."""
    return [vars(grant) for grant in subscribe.turn_off(world, openid=openid, template_ids=template_ids)]


def enter_service(world: World, *, openid: str, session_from: str) -> None:
    """Open the customer-service chat."""
    content = {"SessionFrom": session_from}
    pushes.announce(world, event="user_enter_tempsession", openid=openid, content=content)


def write_to_service(world: World, *, openid: str, text: str, kind: str = "text") -> None:
    """Write in the customer-service chat: a text, or send a picture or a card; it may be answered five times."""
    service.open_window(world, openid=openid)
    content: Json = {"Content": text}
    if kind == "image":
        media_id = service.keep_media(world)
        content = {"PicUrl": "https://mmbiz.invalid/picture", "MediaId": media_id}
    elif kind == "miniprogrampage":
        content = {
            "Title": text,
            "AppId": world.numbers.appid,
            "PagePath": "pages/index/index",
            "ThumbUrl": "https://mmbiz.invalid/thumb",
            "ThumbMediaId": service.keep_media(world),
        }
    pushes.pass_on(world, openid=openid, kind=kind, content=content)


def confirm_receipt(world: World, *, transaction_id: str) -> Shipment:
    """Confirm receipt as WeChat's own component does; raises miniprogram.Refused."""
    return shipping.confirm(world, transaction_id)


def _name(world: World, kind: str, nickname: str) -> str:
    """27 characters that are the same for a nickname whenever it comes."""
    digest = hashlib.sha256(in_utf8(f"{world.numbers.appid}/{kind}/{nickname}")).digest()
    return base64.urlsafe_b64encode(digest).decode()[:27]
