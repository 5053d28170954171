"""Statuses of bills and differences, the tables of their moves, and what a line of a bill can be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import models

from mall.lifecycle import Lifecycle, Move


class BillKind(models.TextChoices):
    """Which of WeChat Pay's bills; the words are those of ``apps.wechat.pay.bills``."""

    TRADE = "TRADE", "交易账单"
    FUND = "FUND", "资金账单"


class BillStatus(models.TextChoices):
    WAITING = "WAITING", "待下载"
    FETCHED = "FETCHED", "已下载"
    EMPTY = "EMPTY", "当日无账单"
    FAILED = "FAILED", "下载有误"


class LineKind(models.TextChoices):
    """What a line is about. WeChat's kinds of the fund bill (业务类型) are an open set: what is unknown is OTHER."""

    PAYMENT = "PAYMENT", "收款"
    REFUND = "REFUND", "退款"
    REVOKED = "REVOKED", "撤销"
    FEE = "FEE", "手续费"
    TRANSFER = "TRANSFER", "商家转账"
    OTHER = "OTHER", "其他"


class CaseKind(models.TextChoices):
    """How WeChat's bill and the shop differ."""

    PAYMENT_UNKNOWN = "PAYMENT_UNKNOWN", "微信有收款，商城没有该支付单"
    PAYMENT_UNHEARD = "PAYMENT_UNHEARD", "微信已收款，商城未收到"
    PAYMENT_AMOUNT = "PAYMENT_AMOUNT", "收款金额不一致"
    PAYMENT_MISSING = "PAYMENT_MISSING", "商城已收款，微信账单没有"
    REFUND_UNKNOWN = "REFUND_UNKNOWN", "微信有退款，商城没有该退款单"
    REFUND_AMOUNT = "REFUND_AMOUNT", "退款金额不一致"
    REFUND_STATE = "REFUND_STATE", "退款状态不一致"
    REFUND_MISSING = "REFUND_MISSING", "商城已退款，微信账单没有"
    FUND_UNEXPLAINED = "FUND_UNEXPLAINED", "资金变动没有对应单据"
    FUND_AMOUNT = "FUND_AMOUNT", "资金变动金额不一致"
    FUND_OTHER = "FUND_OTHER", "其他资金变动，需说明"


# Both sides know the money by one number, and WeChat can be asked about it.
ASKABLE = frozenset(
    {
        CaseKind.PAYMENT_UNHEARD,
        CaseKind.PAYMENT_MISSING,
        CaseKind.REFUND_UNKNOWN,
        CaseKind.REFUND_STATE,
        CaseKind.REFUND_MISSING,
    }
)


# Which bill says something about which differences.
COMPARED_IN: Mapping[BillKind, Collection[str]] = {
    BillKind.TRADE: frozenset(kind for kind in CaseKind if not kind.startswith("FUND_")),
    BillKind.FUND: frozenset(kind for kind in CaseKind if kind.startswith("FUND_")),
}


class CaseStatus(models.TextChoices):
    OPEN = "OPEN", "待处理"
    EXPLAINED = "EXPLAINED", "已说明"
    GONE = "GONE", "已一致"


BILL_LIFECYCLE = Lifecycle(
    "bill",
    initial=BillStatus.WAITING,
    moves={
        "fetch": Move(set(BillStatus), BillStatus.FETCHED),
        "find_empty": Move({BillStatus.WAITING, BillStatus.FAILED, BillStatus.EMPTY}, BillStatus.EMPTY),
        "fail": Move({BillStatus.WAITING, BillStatus.FAILED, BillStatus.EMPTY}, BillStatus.FAILED),
    },
    labels=dict(BillStatus.choices),
)

CASE_LIFECYCLE = Lifecycle(
    "difference",
    initial=CaseStatus.OPEN,
    moves={
        "explain": Move({CaseStatus.OPEN}, CaseStatus.EXPLAINED),
        "vanish": Move({CaseStatus.OPEN}, CaseStatus.GONE),
        "return": Move({CaseStatus.GONE}, CaseStatus.OPEN),
    },
    final={CaseStatus.EXPLAINED},
    labels=dict(CaseStatus.choices),
)
