"""Statuses of payments and refunds and the tables of their moves."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class PaymentStatus(models.TextChoices):
    OPEN = "OPEN", "待支付"
    CAPTURED = "CAPTURED", "已收款"
    CLOSED = "CLOSED", "已关闭"


class SurplusReason(models.TextChoices):
    """Why what a payment was for cannot use it."""

    LATE = "LATE", "订单已关闭后付款"
    DOUBLE = "DOUBLE", "重复付款"
    AMOUNT = "AMOUNT", "金额不符"
    REFUNDED = "REFUNDED", "商户平台已退款"
    RECHARGE_LATE = "RECHARGE_LATE", "充值单已关闭后付款"
    WALLET_OFF = "WALLET_OFF", "储值功能已关闭"


class RefundStatus(models.TextChoices):
    REQUESTED = "REQUESTED", "待提交"
    PROCESSING = "PROCESSING", "退款中"
    SETTLED = "SETTLED", "已到账"
    FAILED = "FAILED", "失败待处理"
    CLOSED = "CLOSED", "微信已关闭"


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
        # WeChat may carry out what it had called failed, e.g. after help in the merchant console.
        "settle": Move(
            {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED}, RefundStatus.SETTLED
        ),
        "fail": Move({RefundStatus.REQUESTED, RefundStatus.PROCESSING}, RefundStatus.FAILED),
        # WeChat will never carry this number out: the only case in which another number may take its place.
        "close": Move(
            {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED}, RefundStatus.CLOSED
        ),
    },
    final={RefundStatus.SETTLED, RefundStatus.CLOSED},
    labels=dict(RefundStatus.choices),
)
