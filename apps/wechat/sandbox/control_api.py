"""The control API of the sandbox (``/__sandbox/…``, JSON): what tests and the demo do in a shopper's place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from apps.wechat.sandbox import (
    complaints,
    control_schema,
    deliveries,
    payments,
    pushes,
    shoppers,
    subscribe,
    transfers,
    waybills,
)
from apps.wechat.sandbox.faults import UnknownFault
from apps.wechat.sandbox.miniprogram import Refused
from apps.wechat.sandbox.store import Shopper
from apps.wechat.sandbox.wire import Json, NotJson, Request, Response, Route, as_json, find

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ROOT = "/__sandbox"


# What a shopper's app says when it could not be done.
_NOT_DONE = (
    payments.NotPaid,
    transfers.NotConfirmed,
    subscribe.NotAsked,
    waybills.NotMoved,
    complaints.NotComplained,
)


class BadOrder(ValueError):
    """An order to the control API that cannot be carried out; answered 400 with its text."""


def answer(world: World, request: Request) -> Response:
    """Answer 200 with JSON, or 400/404 with ``{"error"}``."""
    handle = find(ROUTES, request)
    if handle is None:
        return as_json({"error": f"no {request.method} {request.path}"}, status=404)
    try:
        if request.path == f"{ROOT}/push/verify":
            return handle(world)  # calls the shop, so it must not hold the lock
        with world.lock:
            return handle(world)
    except (BadOrder, NotJson, UnknownFault, Refused, *_NOT_DONE) as error:
        return as_json({"result": "fail", "error": str(error)}, status=400)


def _text(asked: Json, name: str, *, default: str | None = None) -> str:
    value = asked.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise BadOrder(f"{name} must be a text")
    return value


def _shopper(world: World, asked: Json) -> Shopper:
    found = world.store.shoppers.get(asked.get("openid"))
    if found is None:
        raise BadOrder(f"no shopper {asked.get('openid')!r}")
    return found


def _login(world: World, request: Request) -> Response:
    asked = request.json()
    shopper, code = shoppers.open_shop(
        world, nickname=_text(asked, "nickname"), with_unionid=asked.get("with_unionid") is True
    )
    return as_json({"code": code, "openid": shopper.openid})


def _phone(world: World, request: Request) -> Response:
    asked = request.json()
    shopper = _shopper(world, asked)
    return as_json(
        {"code": shoppers.give_phone(world, shopper=shopper, phone=_text(asked, "phone", default=""))}
    )


def _pay(world: World, request: Request) -> Response:
    asked = request.json()
    paid = payments.request_payment(world, openid=_shopper(world, asked).openid, asked=asked)
    return as_json({"result": "ok", "transaction_id": paid.transaction_id, "out_trade_no": paid.out_trade_no})


def _refuse(world: World, request: Request) -> Response:
    package = _text(request.json(), "package")
    row = payments.refuse(world, prepay_id=package.removeprefix("prepay_id="))
    return as_json({"result": "cancel", "out_trade_no": row.out_trade_no})


def _pay_although_closed(world: World, request: Request) -> Response:
    row = world.store.transactions.get(request.json().get("out_trade_no"))
    if row is None or row.paid_at is not None:
        raise BadOrder("no such unpaid order number")
    return as_json({"result": "ok", "transaction_id": payments.succeed(world, row).transaction_id})


def _pay_elsewhere(world: World, request: Request) -> Response:
    asked = request.json()
    amount_fen = asked.get("amount_fen")
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or amount_fen < 1:
        raise BadOrder("amount_fen must be a whole number above 0")
    row = payments.pay_elsewhere(
        world,
        out_trade_no=_text(asked, "out_trade_no"),
        openid=_shopper(world, asked).openid,
        amount_fen=amount_fen,
    )
    return as_json({"result": "ok", "transaction_id": row.transaction_id})


def _confirm_transfer(world: World, request: Request) -> Response:
    asked = request.json()
    openid, package_info = _shopper(world, asked).openid, _text(asked, "package_info")
    row = transfers.confirm(world, openid=openid, package_info=package_info)
    return as_json({"result": "ok", "out_bill_no": row.out_bill_no, "state": row.state})


def _lapse_transfer(world: World, request: Request) -> Response:
    row = transfers.lapse(world, _text(request.json(), "out_bill_no"))
    return as_json({"result": "ok", "state": row.state})


def _complain(world: World, request: Request) -> Response:
    asked = request.json()
    pictures = asked.get("pictures", 0)
    if isinstance(pictures, bool) or not isinstance(pictures, int):
        raise BadOrder("pictures must be a number")
    row = complaints.complain(
        world,
        out_trade_no=_text(asked, "out_trade_no"),
        text=_text(asked, "text"),
        problem_type=_text(asked, "problem_type", default="OTHERS"),
        pictures=pictures,
        phone=_text(asked, "phone", default=""),
    )
    return as_json({"result": "ok", "complaint_id": row.complaint_id, "state": row.state})


def _complain_again(world: World, request: Request) -> Response:
    asked = request.json()
    row = complaints.say(world, complaint_id=_text(asked, "complaint_id"), text=_text(asked, "text"))
    return as_json({"result": "ok", "state": row.state})


def _move_waybill(world: World, request: Request) -> Response:
    asked = request.json()
    row = waybills.move(
        world,
        waybill_id=_text(asked, "waybill_id"),
        state=_text(asked, "state"),
        text=_text(asked, "text", default=""),
        place=_text(asked, "place", default=""),
        at=asked.get("at"),
        delivery_id=_text(asked, "delivery_id", default=""),
        openid=_text(asked, "openid", default=""),
    )
    return as_json({"result": "ok", "state": row.state, "nodes": len(row.nodes)})


def _confirm_receipt(world: World, request: Request) -> Response:
    row = shoppers.confirm_receipt(world, transaction_id=_text(request.json(), "transaction_id"))
    return as_json({"result": "ok", "order_state": row.order_state})


def _subscribe(world: World, request: Request) -> Response:
    asked = request.json()
    openid, accept = _shopper(world, asked).openid, asked.get("accept", True) is True
    grants = shoppers.answer_prompts(world, openid=openid, template_ids=_template_ids(asked), accept=accept)
    return as_json({"result": "ok", "grants": grants})


def _subscribe_off(world: World, request: Request) -> Response:
    asked = request.json()
    openid = _shopper(world, asked).openid
    grants = shoppers.turn_messages_off(world, openid=openid, template_ids=_template_ids(asked))
    return as_json({"result": "ok", "grants": grants})


def _template_ids(asked: Json) -> list[str]:
    ids = asked.get("template_ids") or [asked.get("template_id")]
    if not isinstance(ids, list) or not all(isinstance(name, str) and name for name in ids):
        raise BadOrder("template_id or template_ids must be texts")
    return ids


def _enter(world: World, request: Request) -> Response:
    asked = request.json()
    session_from = _text(asked, "session_from", default="")
    shoppers.enter_service(world, openid=_shopper(world, asked).openid, session_from=session_from)
    return as_json({"result": "ok"})


def _write(world: World, request: Request) -> Response:
    asked = request.json()
    kind = _text(asked, "kind", default="text")
    if kind not in ("text", "image", "miniprogrampage"):
        raise BadOrder("kind is text, image or miniprogrampage")
    openid = _shopper(world, asked).openid
    shoppers.write_to_service(world, openid=openid, text=_text(asked, "text"), kind=kind)
    return as_json({"result": "ok"})


def _push(world: World, request: Request) -> Response:
    asked = request.json()
    content = asked.get("content", {})
    if not isinstance(content, dict) or not world.push_url:
        raise BadOrder("content must be an object, and a push address must be set")
    openid = _text(asked, "openid", default="")
    pushes.announce(world, event=_text(asked, "event"), openid=openid, content=content)
    return as_json({"result": "ok"})


def _push_address(world: World, request: Request) -> Response:
    asked = request.json()
    style = _text(asked, "format", default=world.push_format)
    if style not in ("json", "xml"):
        raise BadOrder("format is json or xml")
    world.push_url, world.push_format = _text(asked, "url", default=world.push_url), style
    return as_json({"url": world.push_url, "format": world.push_format})


def _push_verify(world: World, request: Request) -> Response:
    return as_json(pushes.verify_url(world))


def _resend(world: World, request: Request) -> Response:
    asked = request.json()
    about, event = _text(asked, "out_trade_no"), _text(asked, "event", default="")
    wanted = [row for row in world.deliveries.values() if row.about == about and event in ("", row.event)]
    for delivery in wanted:
        world.timetable.after(0, partial(deliveries.attempt, world, delivery))
    return as_json({"result": "ok", "resent": len(wanted)})


def _media(world: World, request: Request) -> Response:
    asked = request.json()
    suggest, label = _text(asked, "suggest"), asked.get("label", 20002)
    if suggest not in ("pass", "review", "risky", "lost", "unfetched") or not isinstance(label, int):
        raise BadOrder("suggest is pass, review, risky, lost or unfetched; label a number")
    world.media_verdicts.append((suggest, label))
    return as_json({"result": "ok", "waiting": len(world.media_verdicts)})


def _clock(world: World, request: Request) -> Response:
    ahead_s = request.json().get("ahead_s")
    if isinstance(ahead_s, bool) or not isinstance(ahead_s, int | float):
        raise BadOrder("ahead_s must be a number of seconds")
    world.clock_ahead_s = float(ahead_s)
    return as_json({"now": world.now()})


def _add_fault(world: World, request: Request) -> Response:
    asked = request.json()
    if not isinstance(asked.get("kind"), str):
        raise BadOrder("kind must be a text")
    return as_json(asdict(world.faults.add(**asked)))


def _faults(world: World, request: Request) -> Response:
    return as_json([asdict(fault) for fault in world.faults])


def _clear_faults(world: World, request: Request) -> Response:
    world.faults.clear()
    return as_json([])


def _reset(world: World, request: Request) -> Response:
    world.reset()
    return as_json({"result": "ok"})


def _ready(world: World, request: Request) -> Response:
    return as_json({"result": "ok", "appid": world.numbers.appid, "mchid": world.numbers.mchid})


def _calls(world: World, request: Request) -> Response:
    path = request.query.get("path", "")
    return as_json([vars(call) for call in world.calls if call.path.startswith(path)])


def _notifies(world: World, request: Request) -> Response:
    asked = request.query
    rows = [row for row in world.deliveries.values() if asked.get("channel", row.channel) == row.channel]
    return as_json([row.view() for row in rows if asked.get("about", row.about) == row.about])


def _listing(table: str) -> Route:
    def rows(world: World, request: Request) -> Response:
        listed: Iterable[Any] = getattr(world.store, table)
        return as_json([asdict(row) for row in listed])

    return Route("GET", f"{ROOT}/{table}", rows)


ROUTES = [
    Route("GET", f"{ROOT}/ready", _ready),
    Route("GET", f"{ROOT}/schema", lambda world, request: as_json(control_schema.document())),
    Route("POST", f"{ROOT}/login", _login),
    Route("POST", f"{ROOT}/phone", _phone),
    Route("POST", f"{ROOT}/pay", _pay),
    Route("POST", f"{ROOT}/refuse", _refuse),
    Route("POST", f"{ROOT}/pay_although_closed", _pay_although_closed),
    Route("POST", f"{ROOT}/pay_elsewhere", _pay_elsewhere),
    Route("POST", f"{ROOT}/confirm_receipt", _confirm_receipt),
    Route("POST", f"{ROOT}/waybills/move", _move_waybill),
    Route("POST", f"{ROOT}/transfers/confirm", _confirm_transfer),
    Route("POST", f"{ROOT}/transfers/lapse", _lapse_transfer),
    Route("POST", f"{ROOT}/complaints/open", _complain),
    Route("POST", f"{ROOT}/complaints/say", _complain_again),
    Route("POST", f"{ROOT}/subscribe", _subscribe),
    Route("POST", f"{ROOT}/subscribe/off", _subscribe_off),
    Route("POST", f"{ROOT}/enter", _enter),
    Route("POST", f"{ROOT}/write", _write),
    Route("POST", f"{ROOT}/push", _push),
    Route("POST", f"{ROOT}/push/address", _push_address),
    Route("POST", f"{ROOT}/push/verify", _push_verify),
    Route("POST", f"{ROOT}/notify/resend", _resend),
    Route("POST", f"{ROOT}/media", _media),
    Route("POST", f"{ROOT}/clock", _clock),
    Route("POST", f"{ROOT}/faults", _add_fault),
    Route("GET", f"{ROOT}/faults", _faults),
    Route("DELETE", f"{ROOT}/faults", _clear_faults),
    Route("POST", f"{ROOT}/reset", _reset),
    Route("GET", f"{ROOT}/calls", _calls),
    Route("GET", f"{ROOT}/notifies", _notifies),
    *(_listing(table) for table in control_schema.TABLES),
]
