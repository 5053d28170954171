"""Statuses of recharges and of what an order pays from the wallet, and kinds of ledger entries."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class SpendingStatus(models.TextChoices):
    HELD = "HELD", "占用中"
    COMMITTED = "COMMITTED", "已支付"
    RELEASED = "RELEASED", "已释放"


class RechargeStatus(models.TextChoices):
    UNPAID = "UNPAID", "待付款"
    PAID = "PAID", "已到账"
    PARTLY_REFUNDED = "PARTLY_REFUNDED", "部分退款"
    REFUNDED = "REFUNDED", "已退款"
    CLOSED = "CLOSED", "已关闭"


_CREDITED = frozenset({RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED})

RECHARGE_LIFECYCLE = Lifecycle(
    "recharge",
    initial=RechargeStatus.UNPAID,
    moves={
        "pay": Move({RechargeStatus.UNPAID}, RechargeStatus.PAID),
        "close": Move({RechargeStatus.UNPAID}, RechargeStatus.CLOSED),
        # Each time a part of the principal goes back; with the last of it the recharge is refunded.
        "refund_part": Move(_CREDITED, RechargeStatus.PARTLY_REFUNDED),
        "refund": Move(_CREDITED, RechargeStatus.REFUNDED),
    },
    final={RechargeStatus.CLOSED, RechargeStatus.REFUNDED},
    labels=dict(RechargeStatus.choices),
)


class EntryKind(models.TextChoices):
    RECHARGE = "RECHARGE", "充值"
    ADJUST = "ADJUST", "人工调整"
    HOLD = "HOLD", "下单占用"
    COMMIT = "COMMIT", "支付扣减"
    RELEASE = "RELEASE", "关闭释放"
    RESTORE = "RESTORE", "退款退回"
    # A recharge that goes back to where it was paid from; RESTORE is an order's refund, which comes in.
    REFUND = "REFUND", "充值退款"


# What shoppers see of their ledger: paying what was held already changes nothing that may be spent.
SEEN_KINDS = [choice for choice in EntryKind.choices if choice[0] != EntryKind.COMMIT]
