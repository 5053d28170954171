"""Statuses of coupons, templates, mass issues and code batches, and the one lifecycle that coupons follow."""

from __future__ import annotations

from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle, Move

# What risk calls newcomers' coupons that wait for a look (config/judging.py), and of what a pack is the reward.
WELCOME_PACK: Final = "welcome_pack"
FIRST_ORDER_GIFT: Final = "first_order_gift"
REGISTERED: Final = "registration"


class CouponStatus(models.TextChoices):
    AVAILABLE = "AVAILABLE", "可使用"
    HELD = "HELD", "下单占用"
    USED = "USED", "已使用"
    EXPIRED = "EXPIRED", "已过期"
    REVOKED = "REVOKED", "已收回"


LIFECYCLE = Lifecycle(
    "coupon",
    initial=CouponStatus.AVAILABLE,
    moves={
        "hold": Move(frozenset({CouponStatus.AVAILABLE}), CouponStatus.HELD),
        "commit": Move(frozenset({CouponStatus.HELD}), CouponStatus.USED),
        "release": Move(frozenset({CouponStatus.HELD}), CouponStatus.AVAILABLE),
        # At a shop's till, where nothing is held first; undone by restore.
        "use": Move(frozenset({CouponStatus.AVAILABLE}), CouponStatus.USED),
        "restore": Move(frozenset({CouponStatus.USED}), CouponStatus.AVAILABLE),
        # Also instead of release and restore, for a coupon that comes back past its end …
        "expire": Move(
            frozenset({CouponStatus.AVAILABLE, CouponStatus.HELD, CouponStatus.USED}), CouponStatus.EXPIRED
        ),
        # … or that was recalled while an order had it.
        "revoke": Move(
            frozenset({CouponStatus.AVAILABLE, CouponStatus.HELD, CouponStatus.USED}), CouponStatus.REVOKED
        ),
    },
    final=frozenset({CouponStatus.EXPIRED, CouponStatus.REVOKED}),
    labels=dict(CouponStatus.choices),
)


class TemplateStatus(models.TextChoices):
    DRAFT = "DRAFT", "草稿"
    LIVE = "LIVE", "发放中"
    STOPPED = "STOPPED", "已停发"


class JobStatus(models.TextChoices):
    RUNNING = "RUNNING", "发放中"
    DONE = "DONE", "已完成"
    SHORT = "SHORT", "券已发完"
    STOPPED = "STOPPED", "已停止"


class BatchStatus(models.TextChoices):
    MAKING = "MAKING", "生成中"
    DONE = "DONE", "已完成"
