"""The OpenAPI document of the sandbox's control API: what may be asked of it, served at ``/__sandbox/schema``."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

Json = dict[str, Any]
_TEXT: Final[Json] = {"type": "string"}
_YES: Final[Json] = {"type": "boolean"}
_NUMBER: Final[Json] = {"type": "number"}
_WHOLE: Final[Json] = {"type": "integer"}
_TEXTS: Final[Json] = {"type": "array", "items": _TEXT}
_OBJECT: Final[Json] = {"type": "object", "additionalProperties": True}


class Call(NamedTuple):
    """One call: what it does, what its body or query must have (``*`` behind the name) or may have, what it answers."""

    method: str
    path: str
    does: str
    asks: dict[str, tuple[Json, str]] = {}
    answers: dict[str, Json] = {}


_OPENID: Final = {"openid*": (_TEXT, "The shopper, from `login`.")}
_OK: Final = {"result": _TEXT}
# What may be listed.
TABLES: Final = (
    "shoppers",
    "transactions",
    "refunds",
    "transfers",
    "complaints",
    "shipments",
    "templates",
    "messages",
    "service_messages",
    "cards",
    "activities",
    "grants",
    "waybills",
    "express_orders",
)

CALLS: Final = (
    Call("GET", "ready", "Answers once the sandbox is up", answers={**_OK, "appid": _TEXT, "mchid": _TEXT}),
    Call(
        "POST",
        "login",
        "A shopper opens the mini program: a code for `POST /auth/login`",
        {
            "nickname*": (_TEXT, "Who; a new one is a new shopper."),
            "with_unionid": (_YES, "Whether WeChat tells a unionid."),
        },
        {"code": _TEXT, "openid": _TEXT},
    ),
    Call(
        "POST",
        "phone",
        "The shopper allows their phone number: a code for `POST /me/phone`",
        {**_OPENID, "phone": (_TEXT, "The number; by default their last or a made-up one.")},
        {"code": _TEXT},
    ),
    Call(
        "POST",
        "pay",
        "The shopper pays: what `wx.requestPayment` does with the answer of `POST /orders/{order_no}/pay`",
        {
            **_OPENID,
            "timeStamp*": (_TEXT, "As answered by the shop."),
            "nonceStr*": (_TEXT, "As answered by the shop."),
            "package*": (_TEXT, "As answered by the shop."),
            "signType*": (_TEXT, "As answered by the shop."),
            "paySign*": (_TEXT, "As answered by the shop; verified."),
        },
        {**_OK, "transaction_id": _TEXT, "out_trade_no": _TEXT},
    ),
    Call(
        "POST",
        "refuse",
        "The shopper closes the payment sheet",
        {"package*": (_TEXT, "As answered by the shop.")},
        {**_OK, "out_trade_no": _TEXT},
    ),
    Call(
        "POST",
        "pay_although_closed",
        "Money arrives for a payment that the shop has closed",
        {"out_trade_no*": (_TEXT, "Number of the payment.")},
        {**_OK, "transaction_id": _TEXT},
    ),
    Call(
        "POST",
        "pay_elsewhere",
        "Money arrives under a number of another system of the same merchant",
        {
            **_OPENID,
            "out_trade_no*": (_TEXT, "The other system's number."),
            "amount_fen*": (_WHOLE, "How much."),
        },
        {**_OK, "transaction_id": _TEXT},
    ),
    Call(
        "POST",
        "confirm_receipt",
        "The shopper confirms receipt in WeChat",
        {"transaction_id*": (_TEXT, "WeChat's number of the payment.")},
        {**_OK, "order_state": _WHOLE},
    ),
    Call(
        "POST",
        "waybills/move",
        "A parcel moves on: what Kuaidi100 and WeChat's logistics plugin then tell of it",
        {
            "waybill_id*": (_TEXT, "The tracking number; a new one is a new parcel."),
            "state*": (_TEXT, "WAITING, MOVING, DELIVERING, SIGNED, PROBLEM or RETURNED."),
            "text": (_TEXT, "What the courier says; by default in usual words."),
            "place": (_TEXT, "Where."),
            "at": (_NUMBER, "When, in unix seconds; by default now."),
            "delivery_id": (_TEXT, "WeChat's id of the carrier, for a push."),
            "openid": (
                _TEXT,
                "With it WeChat pushes the step (add_express_path), as of an electronic waybill.",
            ),
        },
        {**_OK, "state": _TEXT, "nodes": _WHOLE},
    ),
    Call(
        "POST",
        "transfers/confirm",
        "The shopper confirms a transfer: what `wx.requestMerchantTransfer` does with the shop's `package_info`",
        {**_OPENID, "package_info*": (_TEXT, "As answered by the shop.")},
        {**_OK, "out_bill_no": _TEXT, "state": _TEXT},
    ),
    Call(
        "POST",
        "transfers/lapse",
        "The 24 hours in which a transfer could be confirmed pass",
        {"out_bill_no*": (_TEXT, "The shop's number of the transfer.")},
        {**_OK, "state": _TEXT},
    ),
    Call(
        "POST",
        "complaints/open",
        "The payer complains at WeChat about a payment (消费者投诉)",
        {
            "out_trade_no*": (_TEXT, "Number of the payment."),
            "text*": (_TEXT, "What they write."),
            "problem_type": (_TEXT, "REFUND, SERVICE_NOT_WORK or OTHERS, by default the last."),
            "pictures": (_WHOLE, "How many pictures they show, at most 9."),
            "phone": (_TEXT, "Their number; by default that of the shopper."),
        },
        {**_OK, "complaint_id": _TEXT, "state": _TEXT},
    ),
    Call(
        "POST",
        "complaints/say",
        "The payer writes once more; what was dealt with is open again",
        {"complaint_id*": (_TEXT, "WeChat's number."), "text*": (_TEXT, "What they write.")},
        {**_OK, "state": _TEXT},
    ),
    Call(
        "POST",
        "subscribe",
        "The shopper answers a prompt for subscription messages",
        {
            **_OPENID,
            "template_id": (_TEXT, "One template; or `template_ids`."),
            "template_ids": (_TEXTS, "Up to three templates."),
            "accept": (_YES, "Whether they agree; by default they do."),
        },
        {**_OK, "grants": _OBJECT},
    ),
    Call(
        "POST",
        "subscribe/off",
        "The shopper chooses 拒收 in the menu of a subscription message",
        {
            **_OPENID,
            "template_id": (_TEXT, "One template; or `template_ids`."),
            "template_ids": (_TEXTS, "Up to three templates."),
        },
        {**_OK, "grants": _OBJECT},
    ),
    Call(
        "POST",
        "enter",
        "The shopper enters the conversation with customer service",
        {**_OPENID, "session_from": (_TEXT, "What the button says about where they come from.")},
        _OK,
    ),
    Call(
        "POST",
        "write",
        "The shopper writes to customer service",
        {
            **_OPENID,
            "text*": (_TEXT, "What they write, or the title of the card they send."),
            "kind": (
                {"type": "string", "enum": ["text", "image", "miniprogrampage"]},
                "A text by default, a picture or a card.",
            ),
        },
        _OK,
    ),
    Call(
        "POST",
        "push",
        "WeChat pushes any event to the shop",
        {
            "event*": (_TEXT, "Name of the event."),
            "openid": (_TEXT, "Whom it is about."),
            "content": (_OBJECT, "Its other fields."),
        },
        _OK,
    ),
    Call(
        "POST",
        "push/address",
        "Where pushes go and in which form",
        {
            "url": (_TEXT, "Address of the shop's door for pushes."),
            "format": ({"type": "string", "enum": ["json", "xml"]}, "Form of a push."),
        },
        {"url": _TEXT, "format": _TEXT},
    ),
    Call("POST", "push/verify", "WeChat checks the address for pushes", answers={}),
    Call(
        "POST",
        "notify/resend",
        "Sends notifications about a payment again",
        {"out_trade_no*": (_TEXT, "Number of the payment."), "event": (_TEXT, "Only those of this event.")},
        {**_OK, "resent": _WHOLE},
    ),
    Call(
        "POST",
        "media",
        "What WeChat will say of the next picture",
        {
            "suggest*": (
                {"type": "string", "enum": ["pass", "review", "risky", "lost", "unfetched"]},
                "Its verdict, or how it is lost.",
            ),
            "label": (_WHOLE, "Why; by default 20002."),
        },
        {**_OK, "waiting": _WHOLE},
    ),
    Call(
        "POST",
        "clock",
        "Sets the sandbox's clock ahead",
        {"ahead_s*": (_NUMBER, "How many seconds.")},
        {"now": _NUMBER},
    ),
    Call(
        "POST",
        "faults",
        "Something goes wrong with calls to come",
        {"kind*": (_TEXT, "What: docs/guide/sandbox.md lists the kinds; each takes fields of its own.")},
    ),
    Call("GET", "faults", "The faults that are set"),
    Call("DELETE", "faults", "Takes all faults back"),
    Call("POST", "reset", "Forgets everything but its identity", answers=_OK),
    Call(
        "GET", "calls", "The calls that the shop made", {"path": (_TEXT, "Only those whose path begins so.")}
    ),
    Call(
        "GET",
        "notifies",
        "What was sent to the shop, and what it answered",
        {
            "channel": (_TEXT, "Only those of this channel: `pay` or `push`."),
            "about": (_TEXT, "Only those about this number."),
        },
    ),
    *(Call("GET", table, f"The {table} that WeChat knows") for table in TABLES),
    Call("GET", "schema", "This document"),
)


def document() -> Json:
    """Return the document (OpenAPI 3.0)."""
    paths: Json = {}
    for call in CALLS:
        paths.setdefault(f"/__sandbox/{call.path}", {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "WeChat sandbox: control API",
            "version": "1.0.0",
            "description": "What tests and demos do in a shopper's place. Refused orders are answered 400 with `error`.",
        },
        "paths": paths,
    }


def _operation(call: Call) -> Json:
    fields = {name.rstrip("*"): {**shape, "description": says} for name, (shape, says) in call.asks.items()}
    must = [name[:-1] for name in call.asks if name.endswith("*")]
    answer: Json = {"type": "object", "properties": call.answers} if call.answers else {}
    error = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {**_TEXT, "description": "Why."}},
    }
    said: Json = {
        "operationId": f"{call.method.lower()}_{call.path.replace('/', '_')}",
        "summary": call.does,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": answer}}},
            "400": {"description": "Cannot be done.", "content": {"application/json": {"schema": error}}},
        },
    }
    if call.method == "POST":
        body: Json = {"type": "object", "properties": fields, **({"required": must} if must else {})}
        if call.path in ("faults",):
            body["additionalProperties"] = True
        said["requestBody"] = {"required": bool(must), "content": {"application/json": {"schema": body}}}
    elif fields:
        said["parameters"] = [
            {"name": name, "in": "query", "description": shape.pop("description"), "schema": shape}
            for name, shape in fields.items()
        ]
    return said
