"""WeChat Pay's fund bill (资金账单): how the merchant's balance moved in a day: payments, their fees, refunds, transfers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from apps.wechat.sandbox import bills
from apps.wechat.sandbox.transactions import PayRefused
from apps.wechat.sandbox.wire import Request, Response, Route
from apps.wechat.sandbox.world import beijing
from mall import money

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ACCOUNTS = frozenset({"BASIC", "OPERATION", "FEES"})
COLUMNS = (
    *("记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型"),
    *("收支金额(元)", "账户结余(元)", "资金变更提交申请人", "备注", "业务凭证号"),
)
SUMMARY = ("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")


class Movement(NamedTuple):
    """One change of the balance; ``fen`` is negative where money went out."""

    at: float
    wechat_no: str
    flow_no: str
    name: str
    kind: str
    fen: int
    by: str
    remark: str
    our_no: str


def apply(world: World, request: Request) -> Response:
    """GET /v3/bill/fundflowbill: the address of a day's bill of an account; all money of the sandbox lies in BASIC."""
    asked = request.query
    account = asked.get("account_type", "BASIC")
    if account not in ACCOUNTS or asked.get("tar_type", "GZIP") != "GZIP":
        raise PayRefused(400, "PARAM_ERROR", "资金账户类型或压缩格式有误")
    day = bills.day_of(world, asked.get("bill_date", ""))
    every = sorted(_movements(world)) if account == "BASIC" else []
    if not any(beijing(row.at).date() == day for row in every):
        raise PayRefused(400, "NO_STATEMENT_EXIST", "账单文件不存在：当日无资金变动")
    return bills.announced(world, request, _csv(every, day))


def _movements(world: World) -> list[Movement]:
    rows: list[Movement] = []
    by = f"{world.numbers.mchid}API"
    for paid in world.store.transactions:
        if paid.paid_at:
            number, fee_fen = paid.transaction_id, _fee_fen(paid.amount_fen)
            rows.append(
                Movement(
                    paid.paid_at, number, number, "交易", "交易", paid.amount_fen, by, "", paid.out_trade_no
                )
            )
            if fee_fen:
                fee = ("扣除交易手续费", "扣除交易手续费", -fee_fen, by, "", paid.out_trade_no)
                rows.append(Movement(paid.paid_at, number, number, *fee))
    for back in world.store.refunds:
        payment = world.store.transactions.get(back.out_trade_no)
        if payment is not None and back.status != "CLOSED":
            fee_fen = _fee_fen(back.refund_fen)
            remark = f"退款总金额{money.yuan(back.refund_fen)}元;含手续费{money.yuan(fee_fen)}元"
            gone = ("退款", "退款", fee_fen - back.refund_fen, by, remark, back.out_refund_no)
            rows.append(Movement(back.made_at, back.refund_id, payment.transaction_id, *gone))
    for sent in world.store.transfers:
        if sent.state == "SUCCESS":
            gone = ("商家转账", "商家转账", -sent.amount_fen, by, sent.remark, sent.out_bill_no)
            rows.append(Movement(sent.changed_at, sent.transfer_bill_no, sent.transfer_bill_no, *gone))
    return rows


def _csv(every: list[Movement], day: date) -> str:
    lines = [",".join(COLUMNS)]
    balance_fen = came = gone = came_fen = gone_fen = 0
    for row in every:
        balance_fen += row.fen
        if beijing(row.at).date() != day:
            continue
        came, came_fen = (came + 1, came_fen + row.fen) if row.fen > 0 else (came, came_fen)
        gone, gone_fen = (gone + 1, gone_fen - row.fen) if row.fen < 0 else (gone, gone_fen)
        values = [
            *(bills.written(row.at), row.wechat_no, row.flow_no, row.name, row.kind),
            *("收入" if row.fen > 0 else "支出", money.yuan(abs(row.fen)), money.yuan(balance_fen)),
            *(row.by, row.remark, row.our_no),
        ]
        lines.append(bills.in_backticks(values))
    totals = [str(came + gone), str(came), money.yuan(came_fen), str(gone), money.yuan(gone_fen)]
    return "\n".join([*lines, ",".join(SUMMARY), bills.in_backticks(totals)]) + "\n"


def _fee_fen(fen: int) -> int:
    """0.60 % of an amount, to the nearest fen."""
    return money.fen_around(fen * 6)


ROUTES = [Route("GET", "/v3/bill/fundflowbill", apply)]
