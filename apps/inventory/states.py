"""Statuses of a hold and kinds of stock entries."""

from __future__ import annotations

from django.db import models


class HoldStatus(models.TextChoices):
    HELD = "HELD", "占用中"
    COMMITTED = "COMMITTED", "已出库"
    RELEASED = "RELEASED", "已释放"


class EntryKind(models.TextChoices):
    RECEIVE = "RECEIVE", "入库"
    ADJUST = "ADJUST", "盘点调整"
    HOLD = "HOLD", "下单占用"
    COMMIT = "COMMIT", "支付扣减"
    RELEASE = "RELEASE", "关闭释放"
    RESTORE = "RESTORE", "退货退回"
    SWAP = "SWAP", "换货出库"
    RETURN = "RETURN", "退货入库"
    WRITE_OFF = "WRITE_OFF", "退货报损"
