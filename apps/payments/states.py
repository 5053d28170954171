"""Statuses of payments and refunds and the tables of their moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle, Move

# The kind of bill of money that came under a number of nobody here (非商城收款): the bill is the payment itself.
STRAY: Final = "stray"


class PaymentStatus(models.TextChoices):
    OPEN = "OPEN", "待支付"
    CAPTURED = "CAPTURED", "已收款"
    CLOSED = "CLOSED", "已关闭"


class SurplusReason(models.TextChoices):
    """Why what a payment was for cannot use it."""

    LATE = "LATE", "订单已关闭后付款"
    OVERDUE = "OVERDUE", "支付时间结束后付款"
    DOUBLE = "DOUBLE", "重复付款"
    AMOUNT = "AMOUNT", "金额不符"
    REFUNDED = "REFUNDED", "商户平台已退款"
    RECHARGE_LATE = "RECHARGE_LATE", "充值单已关闭后付款"
    WALLET_OFF = "WALLET_OFF", "储值功能已关闭"
    STRAY = "STRAY", "非商城收款"


class RefundStatus(models.TextChoices):
    REQUESTED = "REQUESTED", "待提交"
    PROCESSING = "PROCESSING", "退款中"
    SETTLED = "SETTLED", "已到账"
    FAILED = "FAILED", "失败待处理"
    CLOSED = "CLOSED", "微信已关闭"
    # WeChat sent it to the shop's own account: the payer has nothing until the shop pays by another way.
    AT_SHOP = "AT_SHOP", "已退回商户，待转给买家"
    # Two ends that WeChat has no part in, each asked for by one person and granted by another.
    PAID_OUTSIDE = "PAID_OUTSIDE", "已线下退款"
    WRITTEN_BACK = "WRITTEN_BACK", "已冲回"


# Arrived: the payer has the money.
ARRIVED = frozenset({RefundStatus.SETTLED, RefundStatus.PAID_OUTSIDE})
# On their way: they move by themselves.
ON_ITS_WAY = frozenset({RefundStatus.REQUESTED, RefundStatus.PROCESSING})
# Not at the payer, and nothing moves by itself any more: two people may end it without WeChat.
ENDABLE = frozenset({RefundStatus.FAILED, RefundStatus.CLOSED, RefundStatus.AT_SHOP})
# Not asked for yet, or standing still: among these is what waits for somebody.
NOT_GOING = (RefundStatus.REQUESTED, *sorted(ENDABLE))
# Nothing goes back under such a number any more.
VOID = frozenset({RefundStatus.CLOSED, RefundStatus.WRITTEN_BACK})


class Origin(models.TextChoices):
    """Who asked WeChat for a refund."""

    SHOP = "SHOP", "商城"
    CONSOLE = "CONSOLE", "商户平台"


class SentTo(models.TextChoices):
    """Where an abnormal refund is to go, as WeChat calls it (微信支付 发起异常退款, type)."""

    PAYER = "USER_BANK_CARD", "买家的银行卡"
    SHOP = "MERCHANT_BANK_CARD", "商户银行账户"


class MoneyBack(models.TextChoices):
    """How the money of a refund stands, in the words of the contract: what buyers and operators read."""

    PENDING = "PENDING", "退款中"
    DONE = "DONE", "已退款"
    FAILED = "FAILED", "退款异常"


# How each status of a refund is read by those who wait for the money.
MONEY_OF: Mapping[str, MoneyBack] = {
    RefundStatus.REQUESTED: MoneyBack.PENDING,
    RefundStatus.PROCESSING: MoneyBack.PENDING,
    RefundStatus.SETTLED: MoneyBack.DONE,
    RefundStatus.PAID_OUTSIDE: MoneyBack.DONE,
    RefundStatus.FAILED: MoneyBack.FAILED,
    RefundStatus.CLOSED: MoneyBack.FAILED,
    RefundStatus.AT_SHOP: MoneyBack.FAILED,
    RefundStatus.WRITTEN_BACK: MoneyBack.FAILED,
}


def money_back(parts: Iterable[str]) -> MoneyBack:
    """How the money of a refund stands by the statuses of its parts; DONE without any: nothing is awaited of WeChat."""
    found = {MONEY_OF[part] for part in parts}
    for worst in (MoneyBack.FAILED, MoneyBack.PENDING):
        if worst in found:
            return worst
    return MoneyBack.DONE


PAYMENT_LIFECYCLE = Lifecycle(
    "payment",
    initial=PaymentStatus.OPEN,
    moves={
        # A payment that WeChat captured after we closed it is captured all the same: money is never unseen.
        "capture": Move({PaymentStatus.OPEN, PaymentStatus.CLOSED}, PaymentStatus.CAPTURED),
        "close": Move({PaymentStatus.OPEN}, PaymentStatus.CLOSED),
    },
    final={PaymentStatus.CAPTURED},
    labels=dict(PaymentStatus.choices),
)

REFUND_LIFECYCLE = Lifecycle(
    "refund",
    initial=RefundStatus.REQUESTED,
    moves={
        "submit": Move({RefundStatus.REQUESTED}, RefundStatus.PROCESSING),
        # An operator puts a failed refund back into the queue, under the same number.
        "retry": Move({RefundStatus.FAILED}, RefundStatus.REQUESTED),
        # ABNORMAL at WeChat: an operator has it sent to a bank card (申请异常退款), under the same number.
        "reapply": Move({RefundStatus.FAILED}, RefundStatus.PROCESSING),
        # WeChat may carry out what it had called failed, e.g. after help in the merchant console.
        "settle": Move(
            {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED}, RefundStatus.SETTLED
        ),
        # Carried out, but to the shop's account (MERCHANT_BANK_CARD): somebody passes it on, and ends it.
        "return_to_shop": Move(
            {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED}, RefundStatus.AT_SHOP
        ),
        "fail": Move({RefundStatus.REQUESTED, RefundStatus.PROCESSING}, RefundStatus.FAILED),
        # WeChat will never carry this number out: the only case in which another number may take its place.
        "close": Move(
            {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED}, RefundStatus.CLOSED
        ),
        # The shop gave the money back by another way, and has the proof.
        "pay_outside": Move(ENDABLE, RefundStatus.PAID_OUTSIDE),
        # The money stays with the shop, for a reason that two people have seen.
        "write_back": Move(ENDABLE, RefundStatus.WRITTEN_BACK),
    },
    final={RefundStatus.SETTLED, RefundStatus.PAID_OUTSIDE, RefundStatus.WRITTEN_BACK},
    labels=dict(RefundStatus.choices),
)
