"""The sandbox's page: a person shops, pays, refuses, confirms, switches faults on and reads every call."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.template import Context, Engine

from apps.wechat.sandbox import (
    complaints,
    control_api,
    deliveries,
    faults,
    payments,
    shipping,
    shoppers,
    subscribe,
    transfers,
)
from apps.wechat.sandbox.miniprogram import Refused
from apps.wechat.sandbox.store import Card, Complaint, Grant, Message, ServiceMessage, Transfer
from apps.wechat.sandbox.wire import Json, Request, Response, in_utf8
from apps.wechat.sandbox.world import beijing
from mall import money

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ROOT = "/__sandbox/page/"
ROWS_SHOWN = 60
TRADE_STATES = {"NOTPAY": "待支付", "SUCCESS": "已支付", "CLOSED": "已关闭", "REFUND": "有退款"}
TRANSFER_STATES = {
    "ACCEPTED": "已受理",
    "PROCESSING": "处理中",
    "WAIT_USER_CONFIRM": "待用户确认",
    "TRANSFERING": "转账中",
    "SUCCESS": "已到账",
    "FAIL": "失败",
    "CANCELLED": "已撤销",
}
COMPLAINT_STATES = {"PENDING": "待处理", "PROCESSING": "处理中", "PROCESSED": "已处理完成"}
SHIPPING_STATES = {1: "待发货", 2: "已发货", 3: "已确认收货", 4: "交易完成", 5: "已退款", 6: "资金待结算"}
_REFUSALS = (
    control_api.BadOrder,
    faults.UnknownFault,
    payments.NotPaid,
    transfers.NotConfirmed,
    subscribe.NotAsked,
    complaints.NotComplained,
    Refused,
    ValueError,
)
DELIVERY_STATES = {
    "WAITING": "发送中",
    "HELD": "暂缓",
    "ACCEPTED": "已接收",
    "GIVEN_UP": "已放弃",
    "LOST": "丢失",
}


def is_meant(request: Request) -> bool:
    """Tell whether a path under /__sandbox is the page's."""
    return request.path in ("/__sandbox", "/__sandbox/") or request.path.startswith(ROOT)


def answer(world: World, request: Request) -> Response:
    """Show the page, or do what one of its buttons says and go back to it with a sentence about it."""
    if request.method == "GET":
        with world.lock:
            return _shown(world, notice=request.query.get("notice", ""))
    do = ACTIONS.get(request.path.removeprefix(ROOT))
    if do is None or request.method != "POST":
        return Response(status=404, body="没有这个页面".encode(), content_type="text/plain; charset=utf-8")
    try:
        with world.lock:
            notice = do(world, request.form())
    except _REFUSALS as error:
        notice = f"未成功：{error}"
    return Response(status=303, headers={"Location": f"/?notice={quote(in_utf8(notice))}"})


def _login(world: World, form: dict[str, str]) -> str:
    nickname = form.get("nickname", "").strip()
    if not nickname:
        raise control_api.BadOrder("请填写昵称")
    shopper, code = shoppers.open_shop(world, nickname=nickname)
    return f"{nickname} 的 wx.login code：{code}（openid {shopper.openid}，5 分钟内用一次）"


def _phone(world: World, form: dict[str, str]) -> str:
    shopper = world.store.shoppers.get(form.get("openid"))
    if shopper is None:
        raise control_api.BadOrder("没有这位用户")
    code = shoppers.give_phone(world, shopper=shopper, phone=form.get("phone", "").strip())
    return f"手机号 code：{code}"


def _pay(world: World, form: dict[str, str]) -> str:
    paid = payments.pay(world, prepay_id=form.get("prepay_id", ""))
    return f"已支付 {paid.out_trade_no}，微信支付单号 {paid.transaction_id}"


def _refuse(world: World, form: dict[str, str]) -> str:
    return f"已取消支付 {payments.refuse(world, prepay_id=form.get('prepay_id', '')).out_trade_no}"


def _confirm(world: World, form: dict[str, str]) -> str:
    row = shoppers.confirm_receipt(world, transaction_id=form.get("transaction_id", ""))
    return f"已确认收货 {row.transaction_id}"


def _take(world: World, form: dict[str, str]) -> str:
    row = world.store.transfers.get(form.get("out_bill_no"))
    if row is None:
        raise control_api.BadOrder("没有这笔转账")
    taken = transfers.confirm(world, openid=row.openid, package_info=row.package_info)
    return f"已确认收款 {taken.out_bill_no}：{TRANSFER_STATES[taken.state]}"


def _let_lapse(world: World, form: dict[str, str]) -> str:
    return f"已过 24 小时：{transfers.lapse(world, form.get('out_bill_no', '')).out_bill_no}"


def _complain(world: World, form: dict[str, str]) -> str:
    row = complaints.complain(
        world,
        out_trade_no=form.get("out_trade_no", ""),
        text=form.get("text", "").strip(),
        problem_type=form.get("problem_type", "OTHERS"),
        pictures=1 if form.get("picture") else 0,
    )
    return f"已投诉，投诉单号 {row.complaint_id}"


def _complain_again(world: World, form: dict[str, str]) -> str:
    row = complaints.say(world, complaint_id=form.get("complaint_id", ""), text=form.get("text", "").strip())
    return f"已留言，投诉{COMPLAINT_STATES[row.state]}"


def _subscribe(world: World, form: dict[str, str]) -> str:
    openid, template_id = form.get("openid", ""), form.get("template_id", "").strip()
    if world.store.shoppers.get(openid) is None or not template_id:
        raise control_api.BadOrder("请选择用户和模板")
    if form.get("answer") == "off":
        shoppers.turn_messages_off(world, openid=openid, template_ids=[template_id])
        return "已拒收该模板的消息，剩余次数清零"
    accept = form.get("answer") == "accept"
    shoppers.answer_prompts(world, openid=openid, template_ids=[template_id], accept=accept)
    return "已允许一次订阅消息" if accept else "已拒绝订阅消息"


def _write(world: World, form: dict[str, str]) -> str:
    openid, text = form.get("openid", ""), form.get("text", "").strip()
    if world.store.shoppers.get(openid) is None or not text:
        raise control_api.BadOrder("请选择用户并填写内容")
    shoppers.write_to_service(world, openid=openid, text=text)
    return "已发给客服，商城 48 小时内可以回复 5 条"


def _add_fault(world: World, form: dict[str, str]) -> str:
    kind = form.get("kind", "")
    settings = json.loads(form.get("settings", "").strip() or "{}")
    if not isinstance(settings, dict):
        raise control_api.BadOrder("参数应为 JSON 对象")
    world.faults.add(kind=kind, times=int(form.get("times") or "1"), **settings)
    return f"已打开故障：{faults.KINDS[kind][1]}"


def _remove_fault(world: World, form: dict[str, str]) -> str:
    world.faults.remove(int(form.get("number", "0")))
    return "已关闭故障"


def _resend(world: World, form: dict[str, str]) -> str:
    delivery = world.deliveries.get(int(form.get("number", "0")))
    if delivery is None:
        raise control_api.BadOrder("没有这条通知")
    world.timetable.after(0, partial(deliveries.attempt, world, delivery))
    return "已重发"


ACTIONS: dict[str, Callable[[World, dict[str, str]], str]] = {
    "login": _login,
    "phone": _phone,
    "pay": _pay,
    "refuse": _refuse,
    "confirm": _confirm,
    "transfer": _take,
    "transfer/lapse": _let_lapse,
    "complain": _complain,
    "complain/again": _complain_again,
    "subscribe": _subscribe,
    "write": _write,
    "fault": _add_fault,
    "fault/remove": _remove_fault,
    "resend": _resend,
}


def _shown(world: World, *, notice: str) -> Response:
    content = {
        "notice": notice,
        "appid": world.numbers.appid,
        "mchid": world.numbers.mchid,
        "factor": str(world.pace.time_factor),
        "shoppers": [vars(row) for row in world.store.shoppers],
        "unpaid": _unpaid(world),
        "payments": _payments(world),
        "transfers": [_transfer(world, row) for row in list(world.store.transfers)[::-1][:ROWS_SHOWN]],
        "complaints": [_complaint(world, row) for row in list(world.store.complaints)[::-1][:ROWS_SHOWN]],
        "templates": [vars(row) for row in world.store.templates if row.keywords],
        "grants": [_grant(world, row) for row in world.store.grants if row.left or row.refused][:ROWS_SHOWN],
        "messages": [_message(world, row) for row in world.store.messages][::-1][:ROWS_SHOWN],
        "service": [_service_message(world, row) for row in world.store.service_messages][::-1][:ROWS_SHOWN],
        "cards": [_card(world, row) for row in world.store.cards][::-1][:ROWS_SHOWN],
        "kinds": [
            {"kind": kind, "label": label, "takes": "、".join(sorted(settings))}
            for kind, (settings, label) in faults.KINDS.items()
        ],
        "faults": [
            {
                "number": str(fault.number),
                "label": faults.KINDS[fault.kind][1],
                "times": str(fault.times),
                "settings": json.dumps(fault.settings, ensure_ascii=False),
            }
            for fault in world.faults
        ],
        "deliveries": [_delivery(row) for row in list(world.deliveries.values())[::-1][:ROWS_SHOWN]],
        "calls": [_call(vars(call)) for call in list(world.calls)[::-1][:ROWS_SHOWN]],
    }
    # No settings of any Django project are read: texts only, neither localised nor converted.
    html = _engine().get_template("page.html").render(Context(content, use_l10n=False, use_tz=False))
    return Response(body=in_utf8(html), content_type="text/html; charset=utf-8")


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")])


def _unpaid(world: World) -> list[Json]:
    """The newest prepay_id of every order that can still be paid."""
    rows: dict[str, Json] = {}
    for prepay in world.store.prepays:
        row = payments.of_prepay(world, prepay.prepay_id)
        if row.state == "NOTPAY" and prepay.dies_at > world.now():
            rows[row.out_trade_no] = {**_payment(world, row.out_trade_no), "prepay_id": prepay.prepay_id}
    return list(rows.values())[::-1][:ROWS_SHOWN]


def _payments(world: World) -> list[Json]:
    numbers = [row.out_trade_no for row in world.store.transactions if row.state != "NOTPAY"]
    return [_payment(world, number) for number in numbers[::-1][:ROWS_SHOWN]]


def _payment(world: World, out_trade_no: str) -> Json:
    row = world.store.transactions.get(out_trade_no)
    if row is None:
        return {}
    shopper = world.store.shoppers.get(row.openid)
    shipment = world.store.shipments.get(row.transaction_id)
    return {
        "out_trade_no": row.out_trade_no,
        "transaction_id": row.transaction_id,
        "nickname": shopper.nickname if shopper is not None else "",
        "description": row.description,
        "yuan": money.yuan(row.amount_fen),
        "state": TRADE_STATES[row.state],
        "shipping": SHIPPING_STATES[shipment.order_state] if shipment is not None else "",
        "parcels": "，".join(
            f"{parcel.get('express_company', '')} {parcel.get('tracking_no', '')}"
            for parcel in shipment.parcels
        )
        if shipment is not None
        else "",
        "can_confirm": shipment is not None and shipment.order_state == shipping.SHIPPED,
    }


def _transfer(world: World, row: Transfer) -> Json:
    shopper = world.store.shoppers.get(row.openid)
    return {
        "out_bill_no": row.out_bill_no,
        "nickname": shopper.nickname if shopper is not None else "",
        "yuan": money.yuan(row.amount_fen),
        "remark": row.remark,
        "state": TRANSFER_STATES[row.state],
        "why": row.fail_reason,
        "waits": row.state == "WAIT_USER_CONFIRM",
    }


def _complaint(world: World, row: Complaint) -> Json:
    shopper = world.store.shoppers.get(row.openid)
    return {
        "complaint_id": row.complaint_id,
        "nickname": shopper.nickname if shopper is not None else "",
        "text": row.text,
        "state": COMPLAINT_STATES[row.state],
        "said": [{"who": entry["operator"], "text": entry["operate_details"]} for entry in row.history[1:]],
    }


def _grant(world: World, row: Grant) -> Json:
    shopper, template = world.store.shoppers.get(row.openid), world.store.templates.get(row.template_id)
    return {
        "nickname": shopper.nickname if shopper is not None else "",
        "title": template.title if template is not None else row.template_id,
        "left": "已拒收" if row.refused else f"{row.left} 次",
    }


def _message(world: World, row: Message) -> Json:
    """A message as the shopper reads it: each value under its keyword's name."""
    shopper, template = world.store.shoppers.get(row.openid), world.store.templates.get(row.template_id)
    names = {word["key"]: word["name"] for word in template.keywords} if template is not None else {}
    return {
        "nickname": shopper.nickname if shopper is not None else "",
        "title": template.title if template is not None else row.template_id,
        "page": row.page,
        "values": {names.get(key, key): value for key, value in row.values.items()},
    }


def _service_message(world: World, row: ServiceMessage) -> Json:
    shopper = world.store.shoppers.get(row.openid)
    return {
        "nickname": shopper.nickname if shopper is not None else "",
        "kind": row.kind,
        "text": str(row.content.get("content") or row.content.get("title") or "（图片）"),
    }


def _card(world: World, row: Card) -> Json:
    """A card of 服务动态 as the shopper sees it: where the order is, and what was bought."""
    shopper = world.store.shoppers.get(row.openid)
    return {
        "nickname": shopper.nickname if shopper is not None else "",
        "transaction_id": row.transaction_id,
        "status": str(row.content["cur_status"]),
        "products": "、".join(one["product_name"] for one in row.content["product_list"]["info_list"]),
        "rejected": row.state == 10,
    }


def _delivery(row: deliveries.Delivery) -> Json:
    return {
        "number": str(row.number),
        "event": row.event,
        "about": row.about,
        "url": row.url,
        "state": DELIVERY_STATES[row.state],
        "content": json.dumps(row.content, ensure_ascii=False, indent=1),
        "attempts": [
            {
                "at": _clock(attempt.at),
                "outcome": str(attempt.status) if attempt.status is not None else attempt.error,
                "note": attempt.note,
                "answer": attempt.answer,
            }
            for attempt in row.attempts
        ],
    }


def _call(call: Json) -> Json:
    shown = {name: str(value) for name, value in call.items()}
    return {**shown, "at": _clock(call["at"]), "status": str(call["status"] or "无应答")}


def _clock(at: float) -> str:
    return f"{beijing(at):%H:%M:%S.%f}"[:-3]
