"""Parcels under way: the logistics plugin's tokens (trace_waybill, query_trace), and the steps they are made to take."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from apps.wechat.sandbox import pushes
from apps.wechat.sandbox.carriers import CARRIERS
from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import Waybill
from apps.wechat.sandbox.wire import Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World


class State(NamedTuple):
    """How a parcel stands, as each who tells of it writes it."""

    text: str
    wechat: int  # query_trace, status
    kuaidi100: str  # poll/query.do, state
    action: int  # add_express_path, ActionType


STATES = {
    "WAITING": State("商家已发货，等待快递员揽收", 0, "", 100003),
    "MOVING": State("快件已到达【杭州转运中心】", 2, "0", 200001),
    "DELIVERING": State("快件正在派送，请保持电话畅通", 3, "5", 300002),
    "SIGNED": State("快件已签收，签收人：本人", 4, "3", 300003),
    "PROBLEM": State("收件地址不详，联系不上收件人", 5, "2", 300004),
    "RETURNED": State("快件退回寄件人", 5, "6", 300004),
}


class NotMoved(ValueError):
    """An order to move a parcel that cannot be carried out."""


def move(
    world: World,
    *,
    waybill_id: str,
    state: str,
    text: str = "",
    place: str = "",
    at: object = None,
    delivery_id: str = "",
    openid: str = "",
) -> Waybill:
    """Let a parcel take a step; with an openid WeChat pushes it, as it does for an electronic waybill."""
    if state not in STATES:
        raise NotMoved(f"state is one of {', '.join(STATES)}")
    if at is not None and (isinstance(at, bool) or not isinstance(at, int | float)):
        raise NotMoved("at is a number of seconds")
    known = world.store.waybills.get(waybill_id) or Waybill(waybill_id=waybill_id)
    when = int(at if isinstance(at, int | float) else world.now())
    node = {"at": when, "text": text or STATES[state].text, "place": place}
    carrier = delivery_id or known.delivery_id
    row = world.store.waybills.keep(
        replace(known, state=state, delivery_id=carrier, nodes=[*known.nodes, node])
    )
    if openid:
        _push(world, row, openid=openid)
    return row


def _push(world: World, row: Waybill, *, openid: str) -> None:
    """add_express_path: the whole way each time, with a growing version."""
    actions = [
        {"ActionTime": node["at"], "ActionType": STATES[row.state].action, "ActionMsg": node["text"]}
        for node in row.nodes
    ]
    content = {
        "DeliveryID": row.delivery_id,
        "WayBillId": row.waybill_id,
        "Version": len(row.nodes),
        "Count": len(actions),
        "Actions": actions,
    }
    pushes.announce(world, event="add_express_path", openid=openid, content=content)


def trace_waybill(world: World, request: Request) -> Response:
    """POST /cgi-bin/express/delivery/open_msg/trace_waybill: a token for the client's logistics plugin."""
    asked = body_of(request)
    payment = world.store.payment(asked.get("trans_id"))
    if payment is None or payment.openid != asked.get("openid"):
        raise Refused(9300534, "openid 与支付单不匹配")
    number, goods = asked.get("waybill_id"), asked.get("goods_info")
    if not isinstance(number, str) or not number or not isinstance(goods, dict):
        raise Refused(9300559, "运单不存在")
    carrier = asked.get("delivery_id") or ""
    if carrier and carrier not in CARRIERS:
        raise Refused(9300503, "快递公司不存在")
    known = world.store.waybills.get(number) or Waybill(waybill_id=number)
    row = replace(
        known,
        delivery_id=str(carrier),
        openid=payment.openid,
        token=known.token or secrets.token_urlsafe(48),
    )
    return ok(waybill_token=world.store.waybills.keep(row).token)


def query_trace(world: World, request: Request) -> Response:
    """POST /cgi-bin/express/delivery/open_msg/query_trace: how the waybill of a token stands, without its nodes."""
    asked = body_of(request)
    token = asked.get("waybill_token")
    row = next((row for row in world.store.waybills if row.token and row.token == token), None)
    if row is None:
        raise Refused(9300507, "waybill_token 无效")
    if row.openid != asked.get("openid"):
        raise Refused(9300534, "openid 不匹配")
    return ok(
        waybill_info={"waybill_id": row.waybill_id, "status": STATES[row.state].wechat},
        shop_info={},
        delivery_info={
            "delivery_id": row.delivery_id,
            "delivery_name": CARRIERS.get(row.delivery_id, row.delivery_id),
        },
    )


_PLUGIN = "/cgi-bin/express/delivery/open_msg"
ROUTES = [
    Route("POST", f"{_PLUGIN}/trace_waybill", trace_waybill),
    Route("POST", f"{_PLUGIN}/query_trace", query_trace),
]
