"""WeChat Pay's bills (对账单): CSV files of a day that merchants reconcile with, as they are announced and downloaded."""

from __future__ import annotations

import gzip
import hashlib
import re
import secrets
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.wechat.sandbox.store import Refund, Transaction
from apps.wechat.sandbox.transactions import PayRefused
from apps.wechat.sandbox.wire import Request, Response, Route, as_json, in_utf8
from apps.wechat.sandbox.world import beijing
from mall import money

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

READY_HOUR = 10  # a day's bill is ready at about 10 o'clock of the next
BILL_KEPT_DAYS = 92
DOWNLOAD_S = 300
FEE_YUAN_PER_FEN = Decimal("0.00006")  # 0.60 %
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DOWNLOAD_PATH = "/v3/billdownload/file"

_COMMON = (
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识"),
    *("交易类型", "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额"),
)
_REFUND = ("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态")
_REFUND_TIMES = ("退款申请时间", "退款成功时间")
_LAST = ("商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注")
COLUMNS = {
    "ALL": [*_COMMON, *_REFUND, *_LAST],
    "SUCCESS": [*_COMMON, *(name for name in _LAST if name != "申请退款金额")],
    "REFUND": [*_COMMON[:1], *_REFUND_TIMES, *_COMMON[1:], *_REFUND, *_LAST],
}
SUMMARY = (
    *("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额"),
    *("手续费总金额", "订单总金额", "申请退款总金额"),
)
REFUND_STATES = {"SUCCESS": "SUCCESS", "PROCESSING": "PROCESSING", "ABNORMAL": "CHANGE", "CLOSED": "FAIL"}

Values = dict[str, str]


def apply(world: World, request: Request) -> Response:
    """GET /v3/bill/tradebill: the address of a day's bill and the SHA-1 of its text."""
    asked = request.query
    bill_type = asked.get("bill_type", "ALL")
    if bill_type not in COLUMNS or asked.get("tar_type", "GZIP") != "GZIP":
        raise PayRefused(400, "PARAM_ERROR", "账单类型或压缩格式有误")
    text = _csv(world, day_of(world, asked.get("bill_date", "")), bill_type)
    return announced(world, request, text)


def announced(world: World, request: Request, text: str) -> Response:
    """Keep a file for its download and answer its address with the SHA-1 of its text; a bad day cuts or changes it."""
    digest = hashlib.sha1(in_utf8(text), usedforsecurity=False).hexdigest()
    if world.faults.take("bill_cut"):
        # Cut before it was hashed: only what it says of itself tells.
        text = text[: text.rindex("\n", 0, -1) // 2]
        digest = hashlib.sha1(in_utf8(text), usedforsecurity=False).hexdigest()
    if world.faults.take("bill_changed"):
        text = text.replace("`", "`0", 1)
    token = secrets.token_urlsafe(32)
    content = gzip.compress(in_utf8(text)) if "tar_type" in request.query else in_utf8(text)
    world.bills[token] = (world.now() + DOWNLOAD_S, content)
    address = f"http://{request.headers.get('host', '127.0.0.1')}{DOWNLOAD_PATH}?token={token}"
    return as_json({"hash_type": "SHA1", "hash_value": digest, "download_url": address})


def download(world: World, request: Request) -> Response:
    """GET the address of a bill within 5 minutes; the answer is the only one that WeChat Pay does not sign."""
    dies_at, content = world.bills.get(request.query.get("token", ""), (0.0, b""))
    if dies_at <= world.now():
        raise PayRefused(400, "INVALID_REQUEST", "账单下载地址已失效")
    return Response(body=content, content_type="text/plain; charset=utf-8")


def day_of(world: World, text: str) -> date:
    """Return the asked day; refuses a wrong, a future, a too old and a not yet finished one."""
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    now = beijing(world.now())
    if day is None or not now.date() - timedelta(days=BILL_KEPT_DAYS) <= day < now.date():
        raise PayRefused(400, "PARAM_ERROR", "账单日期有误")
    ready = datetime.combine(day + timedelta(days=1), datetime.min.time(), now.tzinfo)
    if now < ready.replace(hour=READY_HOUR):
        raise PayRefused(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
    return day


def _csv(world: World, day: date, bill_type: str) -> str:
    rows: list[Values] = []
    if bill_type != "REFUND":
        paid = [row for row in world.store.transactions if row.paid_at and beijing(row.paid_at).date() == day]
        rows += [_paid(world, row) for row in paid]
    if bill_type != "SUCCESS":
        for refund in world.store.refunds:
            payment = world.store.transactions.get(refund.out_trade_no)
            if payment is not None and beijing(refund.made_at).date() == day:
                rows.append(_refunded(world, payment, refund))
    if not rows:
        raise PayRefused(400, "NO_STATEMENT_EXIST", "账单文件不存在：当日无交易")
    if world.faults.take("bill_line_missing"):
        rows = rows[1:]
    columns = COLUMNS[bill_type]
    lines = [",".join(columns), *(in_backticks([row.get(name, "") for name in columns]) for row in rows)]
    return "\n".join([*lines, ",".join(SUMMARY), in_backticks(_summary(rows))]) + "\n"


def _paid(world: World, row: Transaction) -> Values:
    return _shared(world, row, at=row.paid_at or 0.0) | {
        "交易状态": "SUCCESS",
        "应结订单金额": money.yuan(row.amount_fen),
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "手续费": _fee(row.amount_fen),
        "订单金额": money.yuan(row.amount_fen),
        "申请退款金额": "0.00",
    }


def _refunded(world: World, payment: Transaction, row: Refund) -> Values:
    return _shared(world, payment, at=row.made_at) | {
        "交易状态": "REFUND",
        "应结订单金额": "0.00",
        "微信退款单号": row.refund_id,
        "商户退款单号": row.out_refund_no,
        "退款金额": money.yuan(row.refund_fen),
        "退款类型": "ORIGINAL",
        "退款状态": REFUND_STATES[row.status],
        "手续费": _fee(-row.refund_fen),
        "订单金额": "0.00",
        "申请退款金额": money.yuan(row.refund_fen),
        "退款申请时间": written(row.made_at),
        "退款成功时间": written(row.succeeded_at) if row.succeeded_at is not None else "",
    }


def _shared(world: World, row: Transaction, *, at: float) -> Values:
    return {
        "交易时间": written(at),
        "公众账号ID": world.numbers.appid,
        "商户号": world.numbers.mchid,
        "特约商户号": "0",
        "微信订单号": row.transaction_id,
        "商户订单号": row.out_trade_no,
        "用户标识": row.openid,
        "交易类型": "JSAPI",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "代金券金额": "0.00",
        "充值券退款金额": "0.00",
        "商品名称": row.description,
        "商户数据包": row.attach,
        "费率": "0.60%",
    }


def _summary(rows: list[Values]) -> list[str]:
    names = ("应结订单金额", "退款金额", "充值券退款金额", "手续费", "订单金额", "申请退款金额")
    totals = [sum((Decimal(row.get(name, "0")) for row in rows), Decimal(0)) for name in names]
    return [str(len(rows)), *(str(total) for total in totals)]


def in_backticks(values: list[str]) -> str:
    """Every value after a backtick, so that spreadsheets leave long numbers alone."""
    return ",".join(f"`{value}" for value in values)


def _fee(fen: int) -> str:
    return str((fen * FEE_YUAN_PER_FEN).quantize(Decimal("0.00001")))


def written(at: float) -> str:
    return f"{beijing(at):%Y-%m-%d %H:%M:%S}"


ROUTES = [Route("GET", "/v3/bill/tradebill", apply), Route("GET", DOWNLOAD_PATH, download)]
