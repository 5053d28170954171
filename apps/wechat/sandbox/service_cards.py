"""Cards of 服务动态 (card 2001, parcels): activated within a day of the payment, told on for thirty days, by its states.

Fields and states 1 and 2 are those of WeChat's page; the other states, and what each may follow, are unconfirmed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import pushes
from apps.wechat.sandbox.miniprogram import WORDS, Refused, body_of, ok
from apps.wechat.sandbox.store import Card
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.store import Transaction
    from apps.wechat.sandbox.world import World

PARCELS = 2001
TEMPLATE_TITLE = "购物（实体物流）服务动态"
DAY_S = 24 * 3600
STARTS = (1, 2)
FOLLOWS = {
    1: (7,),
    2: (1, 7),
    3: (1, 2, 3, 7),
    4: (1, 2, 3, 7),
    5: (3, 4, 7),
    6: (4, 5, 7),
    7: (1, 2, 3, 4, 5, 6),
    8: (1, 2, 3, 4, 5, 6, 7),
    9: (7,),
    10: (1, 2, 7),
    11: (7,),
}
_PRODUCT = {"product_img": str, "product_name": str, "product_path_query": str}


def set_card(world: World, request: Request) -> Response:
    """POST /wxa/set_user_notify: shows the card of a payment, or changes it."""
    asked = body_of(request)
    payment = _payment(world, asked)
    content = _content(asked.get("content_json"))
    card, now = world.store.cards.get(payment.transaction_id), world.now()
    status = content["cur_status"]
    if card is None:
        _check(payment, asked.get("check_json"))
        if (payment.paid_at or 0) + DAY_S < now:
            raise Refused(85438, "notify_code expired")
        if status not in STARTS:
            raise Refused(85439, "invalid cur_status")
        card = Card(payment.transaction_id, payment.openid, content, activated_at=now)
    else:
        if card.activated_at + 30 * DAY_S < now:
            raise Refused(85438, "notify_code expired")
        if status == card.content["cur_status"] and status != 3:
            raise Refused(85448, "this status has been sent")
        if card.content["cur_status"] not in FOLLOWS[status]:
            raise Refused(85439, "invalid cur_status")
        card = replace(card, content=content, updates=card.updates + 1)
    _show(world, card)
    return ok()


def get_card(world: World, request: Request) -> Response:
    """POST /wxa/get_user_notify: what a card says, and whether it is still shown."""
    asked = body_of(request)
    card = world.store.cards.get(_payment(world, asked).transaction_id)
    if card is None:
        raise Refused(85437, "invalid notify_code")
    return ok(
        notify_info={
            "notify_type": PARCELS,
            "content_json": json.dumps(card.content, ensure_ascii=False),
            "code_state": card.state,
            "code_expire_time": int(card.activated_at + 30 * DAY_S),
        }
    )


def _show(world: World, card: Card) -> None:
    """Show the card; what keeps it from being shown is told by an event, as a prefix before the payment's number."""
    fault = world.faults.take("card_failed")
    fail_ret = int(fault.number_of("fail_ret", -1004)) if fault is not None else 0
    if not any(template.title == TEMPLATE_TITLE for template in world.store.templates):
        fail_ret = -1003
    world.store.cards.keep(replace(card, state=10) if fail_ret == -1004 else card)
    if fail_ret:
        content = {
            "openid": card.openid,
            "notify_code": f"p1.{card.transaction_id}",
            "notify_type": PARCELS,
            "card_status": card.content["cur_status"],
            "fail_ret": fail_ret,
            "fail_msg": "user reject message" if fail_ret == -1004 else "send failed",
        }
        pushes.announce(world, event="notify_service_msg_send_result", openid=card.openid, content=content)


def _payment(world: World, asked: Json) -> Transaction:
    if asked.get("notify_type") != PARCELS:
        raise Refused(85434, "invalid notify_type")
    payment = world.store.payment(asked.get("notify_code"))
    if payment is None:
        raise Refused(85437, "invalid notify_code")
    if payment.openid != asked.get("openid"):
        raise Refused(40003, "invalid openid")
    return payment


def _check(payment: Transaction, text: object) -> None:
    told = _object(text, 85433)
    if (told.get("pay_amount"), told.get("pay_time")) != (payment.amount_fen, int(payment.paid_at or 0)):
        raise Refused(85433, "invalid check_json")


def _content(text: object) -> Json:
    told = _object(text, 85435)
    products = told.get("product_list")
    rows = products.get("info_list") if isinstance(products, dict) else None
    if "cur_status" not in told or not told.get("wxa_path_query") or not isinstance(rows, list) or not rows:
        raise Refused(85440, "missing field")
    if told["cur_status"] not in FOLLOWS or not isinstance(told.get("product_count"), int):
        raise Refused(85441, "invalid field")
    for row in rows:
        if not isinstance(row, dict) or not all(
            isinstance(row.get(name), kind) for name, kind in _PRODUCT.items()
        ):
            raise Refused(85441, "invalid field")
        if any(word in row["product_name"] for word in WORDS):
            raise Refused(85442, "content risk")
    return told


def _object(text: object, errcode: int) -> Json:
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refused(errcode, "invalid json")
    return parsed


ROUTES = [
    Route("POST", "/wxa/set_user_notify", set_card),
    Route("POST", "/wxa/get_user_notify", get_card),
]
