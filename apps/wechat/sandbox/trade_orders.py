"""Questions about shipped orders, the reminder to confirm, and the couriers (发货信息查询、物流助手)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import refunds, shipping
from apps.wechat.sandbox.carriers import CARRIERS
from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.parcels import EXPRESS
from apps.wechat.sandbox.store import Transaction
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World


def get_order(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/get_order: by WeChat's number, or by merchant and merchant's number."""
    payment = _named(world, body_of(request))
    shown = view(world, payment, forgotten=world.faults.take("shipping_forgotten") is not None)
    return ok(order=shown)


def get_order_list(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/get_order_list: newest last; ``last_index`` is where the next page begins."""
    asked = body_of(request)
    paid = asked.get("pay_time_range") or {}
    page_size, last_index = asked.get("page_size", 100), asked.get("last_index") or "0"
    well_formed = isinstance(paid, dict) and isinstance(page_size, int) and isinstance(last_index, str)
    if not well_formed or not last_index.isdecimal() or not 1 <= page_size <= 100:
        raise Refused(10060014, "参数错误")
    begin, end = paid.get("begin_time", 0), paid.get("end_time", 2**40)
    if not isinstance(begin, int) or not isinstance(end, int):
        raise Refused(10060014, "参数错误")
    orders = [
        view(world, row)
        for row in world.store.transactions
        if row.paid_at is not None
        and begin <= row.paid_at <= end
        and asked.get("openid") in (None, "", row.openid)
    ]
    wanted = asked.get("order_state")
    orders = [order for order in orders if wanted in (None, order["order_state"])]
    first = int(last_index)
    page = orders[first : first + page_size]
    return ok(order_list=page, last_index=str(first + len(page)), has_more=first + len(page) < len(orders))


def view(world: World, payment: Transaction, *, forgotten: bool = False) -> Json:
    """The order as get_order shows it; ``forgotten``: as if nothing had been uploaded for it."""
    row = None if forgotten else world.store.shipments.get(payment.transaction_id)
    state = row.order_state if row is not None else shipping.TO_SHIP
    goods = ";".join(str(parcel["item_desc"]) for parcel in row.parcels) if row is not None else ""
    sent = []
    if row is not None:
        for parcel in row.parcels:
            kept = {name: value for name, value in parcel.items() if name != "item_desc"}
            sent.append({**kept, "goods_desc": parcel["item_desc"], "upload_time": int(row.shipped_at)})
    return {
        "transaction_id": payment.transaction_id,
        "merchant_id": world.numbers.mchid,
        "sub_merchant_id": "",
        "merchant_trade_no": payment.out_trade_no,
        "description": payment.description,
        "paid_amount": payment.amount_fen,
        "openid": payment.openid,
        "trade_create_time": int(payment.made_at),
        "pay_time": int(payment.paid_at or 0),
        "order_state": shipping.REFUNDED if refunds.is_given_back(world, payment) else state,
        "in_complaint": False,
        "shipping": {
            "delivery_mode": row.delivery_mode if row is not None else 0,
            "logistics_type": row.logistics_type if row is not None else 0,
            "finish_shipping": row is not None and row.complete,
            "finish_shipping_count": row.rounds if row is not None and row.complete else 0,
            "goods_desc": goods,
            "shipping_list": sent,
        },
    }


def notify_confirm_receive(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/notify_confirm_receive: once, by express, after shipping.

    wechat.md names the codes 10060028 to 10060032 without their meanings; which is which here is our choice.
    """
    asked = body_of(request)
    payment = _named(world, asked)
    row = world.store.shipments.get(payment.transaction_id)
    received = asked.get("received_time")
    if row is None or row.order_state != shipping.SHIPPED or row.logistics_type != EXPRESS:
        raise Refused(10060028, "只有已发货的快递订单可以提醒")
    if row.reminded:
        raise Refused(10060029, "每个订单只能提醒一次")
    if not isinstance(received, int):
        raise Refused(10060032, "签收时间有误")
    if received < int(row.shipped_at):
        raise Refused(10060030, "签收时间应晚于发货时间")
    world.store.shipments.keep(replace(row, reminded=True))
    return ok()


def op_special_order(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/opspecialorder: a pre-sale (type 1) with the time until which it ships, or a test (type 2)."""
    asked = body_of(request)
    kind, delay_to = asked.get("type"), asked.get("delay_to")
    if kind not in (1, 2):
        raise Refused(268546000, "type 参数错误")
    if kind == 1 and (not isinstance(delay_to, int) or delay_to <= world.now()):
        raise Refused(268546001, "delay_to 参数错误")
    number = asked.get("order_id")
    payment = world.store.payment(number) or world.store.transactions.get(number)
    shipped = payment is not None and world.store.shipments.get(payment.transaction_id) is not None
    if payment is None or payment.paid_at is None or shipped:
        raise Refused(268546002, "未找到对应的待发货订单")
    if kind == 1:
        world.store.transactions.keep(replace(payment, delay_to=delay_to))
    return ok()


def set_msg_jump_path(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/set_msg_jump_path: checked, and without effect here."""
    path = body_of(request).get("path")
    if not isinstance(path, str) or not path or path.startswith("/"):
        raise Refused(10060014, "参数错误：path")
    return ok()


def is_trade_managed(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/is_trade_managed: this mini program sells physical goods, so it is."""
    _require_appid(world, body_of(request))
    return ok(is_trade_managed=True)


def is_confirmation_completed(world: World, request: Request) -> Response:
    """POST …/is_trade_management_confirmation_completed: the operator has agreed to it."""
    _require_appid(world, body_of(request))
    return ok(completed=True)


def get_delivery_list(world: World, request: Request) -> Response:
    """POST /cgi-bin/express/delivery/open_msg/get_delivery_list."""
    listed = [{"delivery_id": code, "delivery_name": name} for code, name in CARRIERS.items()]
    return ok(delivery_list=listed, count=len(listed))


def _named(world: World, asked: Json) -> Transaction:
    if asked.get("transaction_id"):
        found = world.store.payment(asked["transaction_id"])
    elif asked.get("merchant_id") == world.numbers.mchid:
        found = world.store.transactions.get(asked.get("merchant_trade_no"))
    else:
        found = None
    if found is None or found.paid_at is None:
        raise Refused(10060001, "支付单不存在")
    return found


def _require_appid(world: World, asked: Json) -> None:
    if asked.get("appid") != world.numbers.appid:
        raise Refused(40013, "invalid appid")


_ORDER = "/wxa/sec/order"
_COURIERS = "/cgi-bin/express/delivery/open_msg"
ROUTES = [
    Route("POST", f"{_ORDER}/get_order", get_order),
    Route("POST", f"{_ORDER}/get_order_list", get_order_list),
    Route("POST", f"{_ORDER}/notify_confirm_receive", notify_confirm_receive),
    Route("POST", f"{_ORDER}/opspecialorder", op_special_order),
    Route("POST", f"{_ORDER}/set_msg_jump_path", set_msg_jump_path),
    Route("POST", f"{_ORDER}/is_trade_managed", is_trade_managed),
    Route("POST", f"{_ORDER}/is_trade_management_confirmation_completed", is_confirmation_completed),
    Route("POST", f"{_COURIERS}/get_delivery_list", get_delivery_list),
]
