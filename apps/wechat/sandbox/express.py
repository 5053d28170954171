"""Electronic waybills (物流助手): accounts that are bound, one waybill for each order_id, its print, cancelling it."""

from __future__ import annotations

import base64
import html
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import ExpressOrder
from apps.wechat.sandbox.wire import Json, Request, Response, Route
from apps.wechat.sandbox.world import digits

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ACCOUNTS = (
    ("SF", "sandbox_sf", 0, "标准快递"),
    ("ZTO", "sandbox_zto", 0, "标准快件"),
)
_PARTY = ("name", "province", "city", "area", "address")
_SHOP = ("wxa_path", "img_url", "goods_name", "goods_count")
_PREFIX = {"SF": "SF", "ZTO": "7"}


def accounts(world: World, request: Request) -> Response:
    """GET account/getall: what the merchant bound."""
    rows = [
        {
            "biz_id": biz_id,
            "delivery_id": carrier,
            "status_code": 0,
            "quota_num": 1000,
            "service_type": [{"service_type": service, "service_name": name}],
        }
        for carrier, biz_id, service, name in ACCOUNTS
    ]
    return ok(count=len(rows), list=rows)


def add(world: World, request: Request) -> Response:
    """POST order/add: a waybill under the order_id, which is used once."""
    asked = body_of(request)
    order_id = asked.get("order_id")
    if not isinstance(order_id, str) or not 1 <= len(order_id.encode()) <= 512:
        raise Refused(40097, "invalid args: order_id")
    shopper = world.store.shoppers.get(asked.get("openid") or "")
    if shopper is None:
        raise Refused(9300534, "openid 不正确")
    account = next(
        (one for one in ACCOUNTS if one[:2] == (asked.get("delivery_id"), asked.get("biz_id"))), None
    )
    if account is None:
        raise Refused(9300525, "biz_id 未绑定")
    service = asked.get("service")
    if (
        not isinstance(service, dict)
        or (service.get("service_type"), service.get("service_name")) != account[2:]
    ):
        raise Refused(9300510, "service_type 不正确")
    if account[0] == "SF" and not isinstance(asked.get("expect_time"), int):
        raise Refused(9300501, "delivery logic fail：顺丰须填写上门取件时间")
    receiver = _party(asked.get("receiver"))
    _party(asked.get("sender"))
    _check_goods(asked)
    if world.store.express_orders.get(order_id) is not None:
        raise Refused(9300501, "delivery logic fail：订单已存在")
    number = f"{_PREFIX[account[0]]}{digits(12)}"
    row = ExpressOrder(order_id, number, account[0], str(asked["openid"]), receiver=receiver)
    world.store.express_orders.keep(row)
    return ok(order_id=order_id, waybill_id=number, waybill_data=_data(row), delivery_resultcode=0)


def get(world: World, request: Request) -> Response:
    """POST order/get: the waybill of an order_id, with its print."""
    row = _row(world, body_of(request))
    label = f"<html><body><h1>{row.delivery_id} {row.waybill_id}</h1><p>{html.escape(row.receiver)}</p></body></html>"
    return ok(
        order_id=row.order_id,
        delivery_id=row.delivery_id,
        waybill_id=row.waybill_id,
        order_status=int(row.cancelled),
        waybill_data=_data(row),
        print_html=base64.b64encode(label.encode()).decode(),
    )


def cancel(world: World, request: Request) -> Response:
    """POST order/cancel: until the courier has it."""
    row = _row(world, body_of(request))
    way = world.store.waybills.get(row.waybill_id)
    if way is not None and way.state != "WAITING":
        raise Refused(9300501, "delivery logic fail：快件已揽收，不能取消")
    world.store.express_orders.keep(replace(row, cancelled=True))
    return ok(delivery_resultcode=0, delivery_resultmsg="")


def _row(world: World, asked: Json) -> ExpressOrder:
    row = world.store.express_orders.get(asked.get("order_id") or "")
    if row is None or row.delivery_id != asked.get("delivery_id"):
        raise Refused(9300559, "运单不存在")
    if row.openid != asked.get("openid"):
        raise Refused(9300534, "openid 不匹配")
    return row


def _party(told: object) -> str:
    given = told if isinstance(told, dict) else {}
    if not all(isinstance(given.get(name), str) and given[name] for name in _PARTY):
        raise Refused(9300526, "收寄件人信息不完整或过长")
    if not given.get("mobile") and not given.get("tel"):
        raise Refused(9300526, "收寄件人电话为空")
    if len(given["address"].encode()) > 512 or any(len(given[name].encode()) > 64 for name in _PARTY[:-1]):
        raise Refused(9300526, "收寄件人信息过长")
    return " ".join(given[name] for name in _PARTY)


def _check_goods(asked: Json) -> None:
    cargo, shop = asked.get("cargo"), asked.get("shop")
    details = cargo.get("detail_list") if isinstance(cargo, dict) else None
    if not isinstance(details, list) or not details or not all(isinstance(one, dict) for one in details):
        raise Refused(9300526, "包裹信息不完整")
    if not isinstance(shop, dict) or not all(shop.get(name) for name in _SHOP):
        raise Refused(9300535, "商品信息不完整")


def _data(row: ExpressOrder) -> list[Json]:
    return [{"key": f"{row.delivery_id}_bagAddr", "value": "杭州转运中心"}]


_BUSINESS = "/cgi-bin/express/business"
ROUTES = [
    Route("GET", f"{_BUSINESS}/account/getall", accounts),
    Route("POST", f"{_BUSINESS}/order/add", add),
    Route("POST", f"{_BUSINESS}/order/get", get),
    Route("POST", f"{_BUSINESS}/order/cancel", cancel),
]
