"""Statuses of bills and differences with their moves, what a line of a bill can be, and the chart of accounts."""

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
    CLOSED = "CLOSED", "已说明"


# The day's bill is there, if only to say that nothing happened; or it is still wanted.
ARRIVED = (BillStatus.FETCHED, BillStatus.EMPTY)
WANTED = (BillStatus.WAITING, BillStatus.FAILED)


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
    RETURNED = "RETURNED", "已转退款"
    BOOKED = "BOOKED", "已入账"


# What the bills go on saying differs from the shop, and somebody has dealt with.
SETTLED = (CaseStatus.EXPLAINED, CaseStatus.RETURNED, CaseStatus.BOOKED)


class RemedyWay(models.TextChoices):
    """What is done about the money of a difference."""

    REFUND = "REFUND", "原路退款"
    BOOK = "BOOK", "入账"
    UNBOOK = "UNBOOK", "冲销入账"


BILL_LIFECYCLE = Lifecycle(
    "bill",
    initial=BillStatus.WAITING,
    moves={
        "fetch": Move(set(BillStatus), BillStatus.FETCHED),
        "find_empty": Move(set(BillStatus) - {BillStatus.FETCHED}, BillStatus.EMPTY),
        "fail": Move({BillStatus.WAITING, BillStatus.FAILED, BillStatus.EMPTY}, BillStatus.FAILED),
        # A bill that will never come, by somebody's word.
        "explain": Move({BillStatus.WAITING, BillStatus.FAILED}, BillStatus.CLOSED),
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
        # Money that is none of ours goes back where it came from, in one part or several.
        "give_back": Move({CaseStatus.OPEN, CaseStatus.RETURNED}, CaseStatus.RETURNED),
        # The difference stands on an account that somebody chose; another entry takes it off again.
        "book": Move({CaseStatus.OPEN}, CaseStatus.BOOKED),
        "unbook": Move({CaseStatus.BOOKED}, CaseStatus.OPEN),
    },
    final={CaseStatus.EXPLAINED},
    labels=dict(CaseStatus.choices),
)


class Section(models.TextChoices):
    """Where an account stands in a statement."""

    ASSET = "ASSET", "资产"
    LIABILITY = "LIABILITY", "负债"
    INCOME = "INCOME", "收入"
    ALLOWANCE = "ALLOWANCE", "折让与退款"
    COST = "COST", "商品成本"
    EXPENSE = "EXPENSE", "费用"


class Account(models.TextChoices):
    """The chart of accounts. The numbers follow 《企业会计准则——应用指南》 where it has one for the same thing."""

    BANK = "1001", "银行存款与线下收付"
    WECHAT = "1002", "微信支付账户"
    SETTLING = "1122", "微信待结算"
    OTHER_MOVES = "1221", "微信其他资金变动"
    GOODS = "1405", "库存商品"
    STORED_VALUE = "2001", "储值负债"
    POINTS = "2002", "积分负债"
    COMMISSION_DUE = "2003", "应付佣金"
    PREPAID = "2004", "预收款（待发货、定金）"
    REFUND_DUE = "2005", "应退款"
    RECHARGE_PAID = "2006", "充值待入账"
    CARRIAGE_DUE = "2202", "应付邮费与包装"
    INSURANCE_DUE = "2203", "应付运费险保费"
    OTHER_DUE = "2241", "其他应付款（代收、待查款）"
    SALES = "6001", "销售收入"
    FREIGHT = "6002", "运费收入"
    COUPONS = "6101", "优惠券折让"
    ACTIVITIES = "6102", "活动折让"
    POINTS_PAID = "6103", "积分抵扣"
    REFUNDED = "6104", "商品退款"
    FREIGHT_REFUNDED = "6105", "运费退款"
    OTHER_INCOME = "6301", "其他收入（不退定金、冲回退款）"
    COST = "6401", "商品成本"
    POSTAGE = "6601", "邮费"
    PACKING = "6602", "包装"
    COMMISSION = "6603", "佣金费用"
    POINTS_GIVEN = "6604", "积分费用"
    BONUS = "6605", "储值赠送"
    FEE = "6606", "微信手续费"
    VOUCHERS = "6607", "微信代金券（商户承担）"
    CORRECTIONS = "6608", "储值人工调整"
    INSURANCE = "6609", "退货运费险（保费减理赔）"
    OTHER_LOSS = "6711", "其他支出（差错、赔付）"


_SECTIONS: Mapping[str, Section] = {
    "1": Section.ASSET,
    "2": Section.LIABILITY,
    "60": Section.INCOME,
    "61": Section.ALLOWANCE,
    "63": Section.INCOME,
    "64": Section.COST,
    "66": Section.EXPENSE,
    "67": Section.EXPENSE,
}


def section_of(account: str) -> Section:
    """Where an account stands: by the beginning of its number."""
    return _SECTIONS.get(account[:1]) or _SECTIONS[account[:2]]


# What makes up the profit, in the order of a statement.
OF_PROFIT = tuple(account for account in Account if account.value.startswith("6"))


class EntryKind(models.TextChoices):
    """What happened that an entry of the books is of. How each is posted: ``postings.py``."""

    PAYMENT = "PAYMENT", "微信收款"
    REFUND = "REFUND", "退款到账"
    WRITTEN_BACK = "WRITTEN_BACK", "退款冲回"
    AT_SHOP = "AT_SHOP", "退款退回商户"
    WALLET = "WALLET", "储值变动"
    COMMISSION = "COMMISSION", "佣金变动"
    SALE = "SALE", "发货确认收入"
    ORDER_REFUND = "ORDER_REFUND", "订单退款"
    DEPOSIT = "DEPOSIT", "定金了结"
    PARCEL = "PARCEL", "包裹寄出"
    RESEND = "RESEND", "售后新包裹"
    EXCHANGED = "EXCHANGED", "退换货入库"
    INSURED = "INSURED", "运费险保费"
    INSURER_PAID = "INSURER_PAID", "运费险理赔"
    POINTS_EARNED = "POINTS_EARN", "积分发放"
    POINTS_USED = "POINTS_USE", "积分使用与退回"
    POINTS_TAKEN = "POINTS_TAKE", "积分扣回与扣除"
    POINTS_EXPIRED = "POINTS_GONE", "积分过期"
    POINTS_REVALUED = "POINTS_RATE", "积分价值重估"
    FEE = "FEE", "微信手续费与代金券"
    FUND = "FUND", "微信资金账单"
    STRAY = "STRAY", "非商城收款"
    CASE = "CASE", "对账差异入账"
    CARRIAGE = "CARRIAGE", "线下补偿退货运费"
    REHEARSAL = "REHEARSAL", "演示收款"
