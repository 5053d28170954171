"""WeChat Pay v3 refunds: one row per refund number, PROCESSING until WeChat's wait is over."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from apps.wechat.sandbox import complaints, crypto, notifies
from apps.wechat.sandbox.store import Refund, Transaction
from apps.wechat.sandbox.transactions import (
    PayRefused,
    as_params,
    body_of,
    fen_field,
    notify_url_field,
    text_field,
    wrong,
)
from apps.wechat.sandbox.wire import Json, Request, Response, Route, as_json
from apps.wechat.sandbox.world import beijing, digits, rfc3339

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
# WeChat's own words, as merchants report them; the code alone is the same as for any other wrong request.
REPEATED_DIFFERENTLY = "重入请求数据和已存在的业务单据数据不一致"
OTHER_AMOUNTS = "订单金额或退款金额与之前请求不一致，请核实后再试"
# What WeChat calls the merchant's account where a refund was sent there (退还商户).
OF_MERCHANT = "商户结算银行账户"
# Only debit cards are paid to (微信支付 发起异常退款, bank_type).
DEBIT_CARD = re.compile(r"[A-Z0-9_]+_DEBIT")
REFUNDS_OF_A_PAYMENT = 50
REFUND_WITHIN_S = 365 * 86400


def apply(world: World, request: Request) -> Response:
    """POST /v3/refund/domestic/refunds: the same number with the same parameters gives the same refund."""
    asked = body_of(request)
    out_refund_no = text_field(asked, "out_refund_no", longest=64)
    if OUT_REFUND_NO.fullmatch(out_refund_no) is None:
        raise wrong("out_refund_no", "只能是数字、字母和 _-|*@")
    text_field(asked, "reason", longest=80, required=False)
    notify_url = text_field(asked, "notify_url", longest=255, required=False)
    if notify_url:
        notify_url_field(notify_url)
    refund_fen, total_fen = fen_field(asked.get("amount"), "refund"), fen_field(asked.get("amount"), "total")
    if asked["amount"].get("currency") != "CNY":
        raise wrong("amount/currency", "只支持 CNY")
    payment = _payment(world, asked)
    params = as_params(asked)
    known = world.store.refunds.get(out_refund_no)
    if known is not None:
        if (known.refund_fen, known.total_fen) != (refund_fen, total_fen):
            raise PayRefused(400, "INVALID_REQUEST", OTHER_AMOUNTS)
        if known.params != params:
            raise PayRefused(400, "INVALID_REQUEST", REPEATED_DIFFERENTLY)
        return as_json(as_answer(known))
    _require_refundable(world, payment, refund_fen=refund_fen, total_fen=total_fen)
    row = Refund(
        out_refund_no=out_refund_no,
        params=params,
        refund_id=f"5030{digits(6)}{beijing(world.now()):%Y%m%d}{digits(11)}",
        out_trade_no=payment.out_trade_no,
        transaction_id=payment.transaction_id,
        refund_fen=refund_fen,
        total_fen=total_fen,
        notify_url=notify_url,
        made_at=world.now(),
    )
    world.store.refunds.keep(row)
    world.store.transactions.keep(replace(payment, state="REFUND"))
    finish_later(world, row)
    return as_json(as_answer(row))


def finish_later(world: World, row: Refund) -> None:
    """End a PROCESSING refund when WeChat's (scaled) wait is over."""
    world.timetable.after(world.pace.scaled(world.pace.refund_s), partial(finish, world, row.out_refund_no))


def finish(world: World, out_refund_no: str) -> None:
    """End a refund as the faults say, SUCCESS without any, and announce it."""
    with world.lock:
        row = world.store.refunds.get(out_refund_no)
        if row is None or row.status != "PROCESSING":
            return
        status = "SUCCESS"
        if world.faults.take("refund_abnormal"):
            status = "ABNORMAL"
        elif world.faults.take("refund_closed"):
            status = "CLOSED"
        at = world.now() if status == "SUCCESS" else None
        ended = world.store.refunds.keep(replace(row, status=status, succeeded_at=at))
        notifies.announce_refund(world, ended)
        if status == "SUCCESS" and ended.received_account != OF_MERCHANT:
            complaints.note_refund(world, ended)


def apply_abnormal(world: World, request: Request, refund_id: str) -> Response:
    """POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund: an ABNORMAL one goes to a bank card."""
    asked = body_of(request)
    out_refund_no = text_field(asked, "out_refund_no", longest=64)
    kind = text_field(asked, "type", longest=32)
    if kind not in ("USER_BANK_CARD", "MERCHANT_BANK_CARD"):
        raise wrong("type", "只能是 USER_BANK_CARD 或 MERCHANT_BANK_CARD")
    account = OF_MERCHANT if kind == "MERCHANT_BANK_CARD" else _card(world, request, asked)
    with world.lock:
        row = world.store.refunds.get(out_refund_no)
        if row is None or row.refund_id != unquote(refund_id):
            raise PayRefused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        if row.status == "ABNORMAL":
            row = world.store.refunds.keep(replace(row, status="PROCESSING", received_account=account))
            finish_later(world, row)
        elif row.status != "PROCESSING":
            raise PayRefused(400, "INVALID_REQUEST", "退款单状态不是退款异常")
    return as_json(as_answer(row))


def _card(world: World, request: Request, asked: Json) -> str:
    """The payer's card as WeChat names it afterwards: its bank and the end of its number."""
    bank_type = text_field(asked, "bank_type", longest=16)
    if DEBIT_CARD.fullmatch(bank_type) is None:
        raise wrong("bank_type", "仅支持借记卡的银行类型")
    if request.headers.get("wechatpay-serial") != world.numbers.public_key_id:
        raise PayRefused(400, "PARAM_ERROR", "Wechatpay-Serial 与加密所用的公钥不符")
    opened = [
        crypto.open_secret(world.platform_key, text_field(asked, name, longest=1024))
        for name in ("bank_account", "real_name")
    ]
    if not all(opened):
        raise PayRefused(400, "PARAM_ERROR", "敏感信息解密失败")
    return f"{bank_type}借记卡{str(opened[0])[-4:]}"


def query(world: World, request: Request, out_refund_no: str) -> Response:
    """GET /v3/refund/domestic/refunds/{out_refund_no}."""
    row = world.store.refunds.get(unquote(out_refund_no))
    if row is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return as_json(as_answer(row))


def as_answer(row: Refund) -> Json:
    """The refund as WeChat answers it."""
    answer: Json = {
        "refund_id": row.refund_id,
        "out_refund_no": row.out_refund_no,
        "transaction_id": row.transaction_id,
        "out_trade_no": row.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": row.received_account,
        "create_time": rfc3339(row.made_at),
        "status": row.status,
        "funds_account": "AVAILABLE",
        "promotion_detail": [],
        "amount": {
            "total": row.total_fen,
            "refund": row.refund_fen,
            "payer_total": row.total_fen,
            "payer_refund": row.refund_fen,
            "settlement_total": row.total_fen,
            "settlement_refund": row.refund_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    if row.succeeded_at is not None:
        answer["success_time"] = rfc3339(row.succeeded_at)
    return answer


def refunded_fen(world: World, out_trade_no: str) -> int:
    """What is given back, or on its way back, of a payment."""
    rows = (row for row in world.store.refunds if row.out_trade_no == out_trade_no)
    return sum(row.refund_fen for row in rows if row.status != "CLOSED")


def is_given_back(world: World, payment: Transaction) -> bool:
    """Tell whether all of a payment was refunded; a part of it leaves the order to be shipped."""
    return refunded_fen(world, payment.out_trade_no) >= payment.amount_fen


def _payment(world: World, asked: Json) -> Transaction:
    if asked.get("transaction_id"):
        found = world.store.payment(asked["transaction_id"])
    else:
        found = world.store.transactions.get(asked.get("out_trade_no"))
    if found is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    return found


def _require_refundable(world: World, payment: Transaction, *, refund_fen: int, total_fen: int) -> None:
    if payment.paid_at is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "原订单不存在")
    if total_fen != payment.amount_fen:
        raise PayRefused(400, "INVALID_REQUEST", OTHER_AMOUNTS)
    gone_fen = refunded_fen(world, payment.out_trade_no)
    if gone_fen == payment.amount_fen:
        raise PayRefused(400, "INVALID_REQUEST", "订单已全额退款")
    if refund_fen + gone_fen > payment.amount_fen:
        raise PayRefused(400, "INVALID_REQUEST", "退款金额大于可退金额")
    if payment.paid_at < world.now() - REFUND_WITHIN_S:
        raise PayRefused(400, "INVALID_REQUEST", "订单已经超过退款期限")
    rows = [row for row in world.store.refunds if row.out_trade_no == payment.out_trade_no]
    if len(rows) >= REFUNDS_OF_A_PAYMENT:
        raise PayRefused(400, "INVALID_REQUEST", "单笔订单部分退款次数超过限制")
    if world.faults.take("not_enough"):
        raise PayRefused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")


ROUTES = [
    Route("POST", "/v3/refund/domestic/refunds", apply),
    Route("GET", "/v3/refund/domestic/refunds/{out_refund_no}", query),
    Route("POST", "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund", apply_abnormal),
]
