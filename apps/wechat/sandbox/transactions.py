"""WeChat Pay v3, JSAPI: orders by merchant number, from NOTPAY to SUCCESS, CLOSED or REFUND."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from apps.wechat.sandbox.store import Prepay, Transaction
from apps.wechat.sandbox.wire import Json, NotJson, Request, Response, Route, as_json
from apps.wechat.sandbox.world import beijing, digits, rfc3339

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

PREPAY_LIFE_S = 2 * 3600
ORDER_LIFE_S = 7 * 86400  # without time_expire
OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-*|]{6,32}")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
# WeChat's own words, as merchants report them; the code alone is the same as for any other wrong request.
REPEATED_DIFFERENTLY = "请求重入时，参数与首次请求时不一致"
STATE_TEXTS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "CLOSED": "订单已关闭",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
}


class PayRefused(Exception):
    """An error answer of WeChat Pay: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str, detail: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail or {}


def body_of(request: Request) -> Json:
    """Return the JSON body; PARAM_ERROR when it is none."""
    try:
        return request.json()
    except NotJson as error:
        raise PayRefused(400, "PARAM_ERROR", "请求体不是合法的 JSON 对象") from error


def wrong(field: str, issue: str) -> PayRefused:
    """A PARAM_ERROR that names the field, in the shape of WeChat's ``detail``."""
    detail = {"field": field, "issue": issue, "location": "body"}
    return PayRefused(400, "PARAM_ERROR", f"输入源“/body/{field}”{issue}", detail)


def as_params(asked: Json) -> str:
    """The canonical text by which a repeated number's parameters are compared."""
    return json.dumps(asked, sort_keys=True, ensure_ascii=False)


def text_field(asked: Mapping[str, object], name: str, *, longest: int, required: bool = True) -> str:
    """Return a text of at most ``longest`` characters; PARAM_ERROR names the field otherwise."""
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > longest or (required and not value):
        raise wrong(name, f"应为 1 到 {longest} 个字符" if required else f"最多 {longest} 个字符")
    return value


def fen_field(amount: object, name: str) -> int:
    """Return a whole number of fen above zero; neither 12.0 nor "12" nor true is one."""
    value = amount.get(name) if isinstance(amount, dict) else None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(f"amount/{name}", "应为大于 0 的整数（分）")
    return value


def notify_url_field(url: str) -> str:
    """HTTPS without a query, or plain HTTP to this machine, as only a sandbox allows."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise wrong("notify_url", "不是有效的地址") from error
    loopback = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not (parts.scheme == "https" or loopback) or not parts.hostname or parts.query or len(url) > 255:
        raise wrong("notify_url", "应为不带参数的 https 地址")
    return url


def current(world: World, out_trade_no: str) -> Transaction:
    """Return the order as it is now: one whose time is up has closed; 404 ORDER_NOT_EXIST."""
    found = world.store.transactions.get(out_trade_no)
    if found is None:
        raise PayRefused(404, "ORDER_NOT_EXIST", "订单不存在")
    if found.state == "NOTPAY" and found.expires_at <= world.now():
        return world.store.transactions.keep(replace(found, state="CLOSED"))
    return found


def prepay(world: World, request: Request) -> Response:
    """POST /v3/pay/transactions/jsapi: the same number with the same parameters gives a new prepay_id."""
    asked = body_of(request)
    wanted = _checked(world, asked)
    known = world.store.transactions.get(wanted.out_trade_no)
    if known is not None:
        known = current(world, wanted.out_trade_no)
        if known.state in ("SUCCESS", "REFUND"):
            raise PayRefused(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        if known.state == "CLOSED":
            raise PayRefused(400, "ORDER_CLOSED", "订单已关闭")
        if known.params != wanted.params:
            raise PayRefused(400, "INVALID_REQUEST", REPEATED_DIFFERENTLY)
    else:
        if wanted.expires_at <= world.now():
            raise wrong("time_expire", "应晚于当前时间")
        world.store.transactions.keep(wanted)
    prepay_id = f"wx{beijing(world.now()):%d%H%M%S}{secrets.token_hex(13)}"
    world.store.prepays.keep(Prepay(prepay_id, wanted.out_trade_no, world.now() + PREPAY_LIFE_S))
    return as_json({"prepay_id": prepay_id})


def _checked(world: World, asked: Json) -> Transaction:
    if asked.get("mchid") != world.numbers.mchid:
        raise PayRefused(400, "MCH_NOT_EXISTS", "商户号不存在")
    if asked.get("appid") != world.numbers.appid:
        raise PayRefused(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配")
    out_trade_no = text_field(asked, "out_trade_no", longest=32)
    if OUT_TRADE_NO.fullmatch(out_trade_no) is None:
        raise wrong("out_trade_no", "应为 6 到 32 个数字、字母或 _-*|")
    amount, payer = asked.get("amount"), asked.get("payer")
    amount_fen = fen_field(amount, "total")
    if isinstance(amount, dict) and amount.get("currency", "CNY") != "CNY":
        raise wrong("amount/currency", "只支持 CNY")
    openid = payer.get("openid") if isinstance(payer, dict) else None
    if not isinstance(openid, str) or world.store.shoppers.get(openid) is None:
        raise PayRefused(400, "PARAM_ERROR", "无效的openid")
    text_field(asked, "goods_tag", longest=32, required=False)
    now = world.now()
    return Transaction(
        out_trade_no=out_trade_no,
        params=as_params(asked),
        openid=openid,
        amount_fen=amount_fen,
        description=text_field(asked, "description", longest=127),
        attach=text_field(asked, "attach", longest=128, required=False),
        notify_url=notify_url_field(text_field(asked, "notify_url", longest=255)),
        made_at=now,
        expires_at=_expiry(asked, now=now),
    )


def _expiry(asked: Json, *, now: float) -> float:
    text = asked.get("time_expire")
    if text is None:
        return now + ORDER_LIFE_S
    if not isinstance(text, str) or RFC3339.fullmatch(text) is None:
        raise wrong("time_expire", "应为 RFC3339 格式 YYYY-MM-DDTHH:mm:ss+TIMEZONE")
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise wrong("time_expire", "不是有效的时间") from error


def query_by_number(world: World, request: Request, out_trade_no: str) -> Response:
    """GET …/out-trade-no/{no}: an order is found by the merchant's number from its first prepay on."""
    require_merchant(world, request.query)
    return as_json(as_answer(world, current(world, unquote(out_trade_no))))


def query_by_id(world: World, request: Request, transaction_id: str) -> Response:
    """GET …/id/{transaction_id}: only a paid order has WeChat's number."""
    require_merchant(world, request.query)
    found = world.store.payment(transaction_id)
    if found is None:
        raise PayRefused(404, "ORDER_NOT_EXIST", "订单不存在")
    return as_json(as_answer(world, found))


def as_answer(world: World, row: Transaction) -> Json:
    """The order as a query answers it and, once paid, as the notify's resource says it."""
    answer: Json = {
        "appid": world.numbers.appid,
        "mchid": world.numbers.mchid,
        "out_trade_no": row.out_trade_no,
        "trade_state": row.state,
        "trade_state_desc": STATE_TEXTS[row.state],
        "attach": row.attach,
        "payer": {"openid": row.openid},
        "amount": {"total": row.amount_fen, "currency": "CNY"},
        "promotion_detail": [],
    }
    if row.paid_at is not None:
        answer |= {
            "transaction_id": row.transaction_id,
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": rfc3339(row.paid_at),
        }
        answer["amount"] |= {"payer_total": row.amount_fen, "payer_currency": "CNY"}
    return answer


def new_transaction_id(world: World) -> str:
    """A 28-digit number such as WeChat gives to a payment."""
    return f"4200{digits(6)}{beijing(world.now()):%Y%m%d}{digits(10)}"


def require_merchant(world: World, said: Mapping[str, object]) -> None:
    """Refuse a query or a body that names another merchant than its signature."""
    if said.get("mchid") != world.numbers.mchid:
        raise PayRefused(400, "PARAM_ERROR", "mchid 与签名的商户号不一致")


ROUTES = [
    Route("POST", "/v3/pay/transactions/jsapi", prepay),
    Route("GET", "/v3/pay/transactions/out-trade-no/{out_trade_no}", query_by_number),
    Route("GET", "/v3/pay/transactions/id/{transaction_id}", query_by_id),
]
