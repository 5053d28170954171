"""How an order ends: a shopper pays or refuses its prepay_id, or the merchant closes it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from apps.wechat.sandbox import crypto, notifies, shipping, transactions
from apps.wechat.sandbox.store import Transaction
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World


class NotPaid(Exception):
    """wx.requestPayment fails; the text says why."""


def request_payment(world: World, *, openid: str, asked: Json) -> Transaction:
    """Do what wx.requestPayment does and let the shopper pay; raises NotPaid.

    ``asked`` holds what the shop's server gave the client: timeStamp, nonceStr, package, signType, paySign.
    """
    texts = [asked.get(name) for name in ("timeStamp", "nonceStr", "package", "paySign")]
    if not all(isinstance(text, str) and text for text in texts):
        raise NotPaid("缺少参数，或参数不是字符串")
    timestamp, nonce, package, signature = (str(text) for text in texts)
    if asked.get("signType") != "RSA":
        raise NotPaid("signType 应为 RSA")
    signed = crypto.payment_text(appid=world.numbers.appid, timestamp=timestamp, nonce=nonce, package=package)
    if not crypto.is_signed(world.merchant_key, signed, signature):
        raise NotPaid("支付验证签名失败")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > transactions.PREPAY_LIFE_S:
        raise NotPaid("timeStamp 已过期")
    if not package.startswith("prepay_id="):
        raise NotPaid("package 应为 prepay_id=…")
    return pay(world, prepay_id=package.removeprefix("prepay_id="), openid=openid)


def pay(world: World, *, prepay_id: str, openid: str | None = None) -> Transaction:
    """Let the order's own shopper pay it; with ``openid`` given it must be theirs. Raises NotPaid."""
    row = of_prepay(world, prepay_id)
    prepay = world.store.prepays.get(prepay_id)
    if openid is not None and row.openid != openid:
        raise NotPaid("下单账号与支付账号不一致")
    if row.state == "SUCCESS":
        raise NotPaid("该订单已支付")
    if row.state != "NOTPAY":
        raise NotPaid("订单已关闭")
    if prepay is None or prepay.dies_at <= world.now():
        raise NotPaid("prepay_id 已过期")
    return succeed(world, row)


def pay_elsewhere(world: World, *, out_trade_no: str, openid: str, amount_fen: int) -> Transaction:
    """Let money arrive under a number of another system of the same merchant: this shop hears nothing of it."""
    if world.store.transactions.get(out_trade_no) is not None:
        raise NotPaid("商户订单号重复")
    now = world.now()
    return world.store.transactions.keep(
        Transaction(
            out_trade_no=out_trade_no,
            params="",
            openid=openid,
            amount_fen=amount_fen,
            description="门店收款",
            attach="",
            notify_url="",
            made_at=now,
            expires_at=now,
            state="SUCCESS",
            transaction_id=transactions.new_transaction_id(world),
            paid_at=now,
        )
    )


def refuse(world: World, *, prepay_id: str) -> Transaction:
    """Let the shopper close the password sheet: nothing is paid, the order stays open."""
    row = of_prepay(world, prepay_id)
    return world.store.transactions.keep(replace(row, refusals=row.refusals + 1))


def succeed(world: World, row: Transaction) -> Transaction:
    """Mark an order paid, whatever its state was, and announce it."""
    paid = replace(
        row,
        state="SUCCESS",
        transaction_id=row.transaction_id or transactions.new_transaction_id(world),
        paid_at=world.now(),
    )
    world.store.transactions.keep(paid)
    notifies.announce_payment(world, paid)
    shipping.remind_later(world, paid)
    return paid


def of_prepay(world: World, prepay_id: str) -> Transaction:
    """Return the order behind a prepay_id as it is now; raises NotPaid for an unknown one."""
    prepay = world.store.prepays.get(prepay_id)
    if prepay is None:
        raise NotPaid("prepay_id 不存在")
    return transactions.current(world, prepay.out_trade_no)


def close(world: World, request: Request, out_trade_no: str) -> Response:
    """POST …/close: 204; closing again is 204 too; a paid order refuses."""
    transactions.require_merchant(world, transactions.body_of(request))
    found = transactions.current(world, unquote(out_trade_no))
    if found.paid_at is not None:
        raise transactions.PayRefused(400, "ORDER_PAID", "该订单已支付")
    found = world.store.transactions.keep(replace(found, state="CLOSED"))
    if world.faults.take("pay_after_close"):
        # The shopper's bank had taken the money already; WeChat learns it just after the merchant's close.
        succeed(world, found)
    return Response(status=204)


ROUTES = [Route("POST", "/v3/pay/transactions/out-trade-no/{out_trade_no}/close", close)]
