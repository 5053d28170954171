"""Kinds of points entries, statuses of spendings and redemptions, and what members are rewarded for."""

from __future__ import annotations

from django.db import models


class EntryKind(models.TextChoices):
    ORDER = "ORDER", "购物获得"
    CHECK_IN = "CHECK_IN", "签到"
    PROFILE = "PROFILE", "完善资料"
    REVIEW = "REVIEW", "评价"
    SURVEY = "SURVEY", "问卷"
    BIRTHDAY = "BIRTHDAY", "生日礼"
    GRANT = "GRANT", "商家赠送"
    HOLD = "HOLD", "下单抵扣"
    RELEASE = "RELEASE", "订单关闭退回"
    RESTORE = "RESTORE", "退款退回"
    CLAW_BACK = "CLAW_BACK", "退款扣回"
    DEDUCT = "DEDUCT", "商家扣除"
    REDEEM = "REDEEM", "积分兑换"
    EXPIRE = "EXPIRE", "过期"


class Interaction(models.TextChoices):
    """What is rewarded beside shopping; each value is also the kind of its entries."""

    PROFILE = "PROFILE", "完善资料"
    REVIEW = "REVIEW", "评价"
    SURVEY = "SURVEY", "问卷"


class SpendingStatus(models.TextChoices):
    HELD = "HELD", "占用中"
    COMMITTED = "COMMITTED", "已使用"
    RELEASED = "RELEASED", "已退回"


class RedemptionStatus(models.TextChoices):
    HELD = "HELD", "待支付"
    DONE = "DONE", "已兑换"
    CANCELLED = "CANCELLED", "已取消"
