"""Where a request goes: WeChat Pay, the mini program API, or the sandbox's own page and control API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from apps.wechat.sandbox import (
    control_api,
    express,
    kuaidi100,
    miniprogram,
    page,
    pay_door,
    service,
    service_cards,
    shipping,
    subscribe,
    templates_door,
    trade_orders,
    updatable,
    waybills,
)
from apps.wechat.sandbox.faults import Fault
from apps.wechat.sandbox.miniprogram import Refused
from apps.wechat.sandbox.wire import Request, Response, find
from apps.wechat.sandbox.world import Call

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

OPEN_ROUTES = miniprogram.OPEN_ROUTES
TOKEN_ROUTES = [
    *miniprogram.ROUTES,
    *subscribe.ROUTES,
    *templates_door.ROUTES,
    *service.ROUTES,
    *service_cards.ROUTES,
    *updatable.ROUTES,
    *shipping.ROUTES,
    *trade_orders.ROUTES,
    *waybills.ROUTES,
    *express.ROUTES,
]
SHOWN = 20_000  # characters of a request or an answer that the log keeps


def answer(world: World, request: Request) -> Response:
    """Return the answer to any request, however odd."""
    if request.path in ("", "/"):
        return page.answer(world, request)
    if request.path.startswith("/__sandbox"):
        own = page.answer if page.is_meant(request) else control_api.answer
        return own(world, request)
    return _wechat(world, request)


def _wechat(world: World, request: Request) -> Response:
    """Answer as WeChat does, with the first fault that is on for this path, and log the call."""
    started = time.monotonic()
    with world.lock:
        fault = world.faults.take_for_call(request.path, with_token="access_token" in request.query)
    kind = fault.kind if fault is not None else ""
    if fault is not None and kind == "delay":
        time.sleep(fault.number_of("delay_s", 1))
    if fault is not None and kind == "timeout_before":
        response = Response(hang_s=fault.number_of("hang_s", 0))
    else:
        response = _door(request.path)(world, request, fault)
        if fault is not None and kind == "timeout_after_commit":
            response = Response(hang_s=fault.number_of("hang_s", 0))
    with world.lock:
        world.calls.append(_logged(request, response, kind, took_s=time.monotonic() - started))
    return response


def _door(path: str) -> Callable[[World, Request, Fault | None], Response]:
    """Who answers: WeChat Pay, Kuaidi100 (the one neighbour of WeChat's here), or the mini program API."""
    if path.startswith("/v3/"):
        return pay_door.answer
    return kuaidi100.answer if path.startswith(kuaidi100.ROOT) else _miniprogram


def _miniprogram(world: World, request: Request, fault: Fault | None) -> Response:
    """Answer with HTTP 200, whatever is wrong."""
    kind = fault.kind if fault is not None else ""
    if fault is not None and kind == "http_status":
        status = int(fault.number_of("status", 502))
        return Response(status=status, body=b"Bad Gateway", content_type="text/plain")
    if kind == "garbage":
        return Response(body=b"\xff\xfe<html>502", content_type="text/html")
    try:
        if fault is not None and kind == "errcode":
            raise Refused(int(fault.number_of("errcode", -1)), fault.text("errmsg", "system error"))
        if kind == "token_expired":
            raise Refused(42001, "access_token expired")
        with world.lock:
            handle = find(OPEN_ROUTES, request)
            if handle is None:
                miniprogram.require_token(world, request)
                handle = find(TOKEN_ROUTES, request)
            if handle is None:
                raise Refused(40066, "invalid url")
            return handle(world)
    except Refused as refused:
        return miniprogram.refusal(refused.errcode, refused.errmsg)


def _logged(request: Request, response: Response, fault: str, *, took_s: float) -> Call:
    is_text = response.content_type.startswith(("application/json", "text/"))
    shown = response.body.decode(errors="replace")[:SHOWN] if is_text else f"({len(response.body)} bytes)"
    return Call(
        at=time.time(),
        method=request.method,
        path=request.path,
        query=request.target.partition("?")[2],
        request=request.body.decode(errors="replace")[:SHOWN],
        status=0 if response.hang_s is not None else response.status,
        answer="" if response.hang_s is not None else shown,
        took_ms=round(took_s * 1000, 1),
        fault=fault,
    )
