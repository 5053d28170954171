"""Kuaidi100, WeChat's neighbour in the sandbox: the question about one number (poll/query.do), its signature checked.

Written from its documents, apart from the shop's client: a mistake there must not be repeated here.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from apps.wechat.sandbox.faults import Fault
from apps.wechat.sandbox.waybills import STATES
from apps.wechat.sandbox.wire import Json, Request, Response, as_json
from apps.wechat.sandbox.world import beijing

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ROOT = "/poll/"
QUERY = "/poll/query.do"
# The account that everybody has here.
CUSTOMER, KEY = "5A0DB0C500000000000000000000B0C5", "sandboxKd100"
_MESSAGES = {
    "400": "找不到对应公司",
    "408": "快递公司参数异常：验证码错误",
    "500": "查询无结果，请隔段时间再查",
    "501": "服务器错误",
    "502": "服务器繁忙",
    "503": "验证签名失败",
    "601": "key已过期",
}
# Their numbers tell nothing to whom does not know the receiver's phone.
_ASK_FOR_A_PHONE = frozenset({"shunfeng", "zhongtong"})


def answer(world: World, request: Request, fault: Fault | None) -> Response:
    """Answer as Kuaidi100 does: HTTP 200, and a returnCode where there is no way to tell."""
    kind = fault.kind if fault is not None else ""
    if fault is not None and kind == "http_status":
        return Response(
            status=int(fault.number_of("status", 502)), body=b"Bad Gateway", content_type="text/plain"
        )
    if kind == "garbage":
        return Response(body=b"\xff\xfe<html>502", content_type="text/html")
    if request.method != "POST" or request.path != QUERY:
        return _no("400")
    form = request.form()
    said = f"{form.get('param', '')}{KEY}{CUSTOMER}".encode()
    expected = hashlib.md5(said).hexdigest().upper()  # noqa: S324 - Kuaidi100's choice
    if form.get("customer") != CUSTOMER or form.get("sign") != expected:
        return _no("503")
    with world.lock:
        return _told(world, form["param"])


def _told(world: World, param: str) -> Response:
    refused = world.faults.take("way_refused")
    if refused is not None:
        return _no(refused.text("code", "601"))
    try:
        asked = json.loads(param)
    except ValueError:
        return _no("400")
    company, number = (asked.get("com"), asked.get("num")) if isinstance(asked, dict) else (None, None)
    if not isinstance(company, str) or not company.isascii() or not company.islower():
        return _no("400")
    if company in _ASK_FOR_A_PHONE and len(str(asked.get("phone", ""))) < 4:
        return _no("408")
    row = world.store.waybills.get(number)
    if row is None or not row.nodes or world.faults.take("way_unknown") is not None:
        return _no("500")
    return as_json(
        {
            "message": "ok",
            "nu": number,
            "ischeck": "1" if row.state == "SIGNED" else "0",
            "com": company,
            "status": "200",
            "state": STATES[row.state].kuaidi100,
            "condition": "F00",
            "data": [_node(node) for node in sorted(row.nodes, key=lambda node: -node["at"])],
        }
    )


def _node(node: Json) -> dict[str, Any]:
    time = f"{beijing(node['at']):%Y-%m-%d %H:%M:%S}"
    return {"time": time, "ftime": time, "context": node["text"], "areaName": node["place"]}


def _no(code: str) -> Response:
    return as_json({"result": False, "returnCode": code, "message": _MESSAGES.get(code, "失败")})
