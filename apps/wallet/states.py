"""Statuses of what an order pays from the wallet, and kinds of ledger entries."""

from __future__ import annotations

from django.db import models


class SpendingStatus(models.TextChoices):
    HELD = "HELD", "占用中"
    COMMITTED = "COMMITTED", "已支付"
    RELEASED = "RELEASED", "已释放"


class EntryKind(models.TextChoices):
    RECHARGE = "RECHARGE", "充值"
    ADJUST = "ADJUST", "人工调整"
    HOLD = "HOLD", "下单占用"
    COMMIT = "COMMIT", "支付扣减"
    RELEASE = "RELEASE", "关闭释放"
    RESTORE = "RESTORE", "退款退回"


# What shoppers see of their ledger: paying what was held already changes nothing that may be spent.
SEEN_KINDS = [choice for choice in EntryKind.choices if choice[0] != EntryKind.COMMIT]
