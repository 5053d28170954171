"""Statuses of a review and the table of its moves; what was found about a text or a picture."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class ReviewStatus(models.TextChoices):
    WAITING = "WAITING", "检测中"
    HELD = "HELD", "待审核"
    PUBLISHED = "PUBLISHED", "已发布"
    HIDDEN = "HIDDEN", "已隐藏"
    REJECTED = "REJECTED", "未通过"
    ERASED = "ERASED", "已删除内容"


class Finding(models.TextChoices):
    """What WeChat found: nothing yet, nothing wrong, a person has to look, forbidden."""

    NONE = "NONE", "未检测"
    PASS = "PASS", "通过"
    REVIEW = "REVIEW", "需人工"
    RISKY = "RISKY", "违规"


LIFECYCLE = Lifecycle(
    "review",
    initial=ReviewStatus.WAITING,
    moves={
        "pass": Move({ReviewStatus.WAITING}, ReviewStatus.PUBLISHED),
        "hold": Move({ReviewStatus.WAITING}, ReviewStatus.HELD),
        "publish": Move({ReviewStatus.HELD}, ReviewStatus.PUBLISHED),
        "reject": Move({ReviewStatus.WAITING, ReviewStatus.HELD}, ReviewStatus.REJECTED),
        "hide": Move({ReviewStatus.PUBLISHED}, ReviewStatus.HIDDEN),
        "show": Move({ReviewStatus.HIDDEN}, ReviewStatus.PUBLISHED),
        "erase": Move(
            {
                ReviewStatus.WAITING,
                ReviewStatus.HELD,
                ReviewStatus.PUBLISHED,
                ReviewStatus.HIDDEN,
                ReviewStatus.REJECTED,
            },
            ReviewStatus.ERASED,
        ),
    },
    final={ReviewStatus.ERASED},
    labels=dict(ReviewStatus.choices),
)

# What people call the moves.
MOVE_LABELS = {
    "pass": "微信检测通过",
    "hold": "转人工审核",
    "publish": "审核通过",
    "reject": "不予发布",
    "hide": "隐藏",
    "show": "恢复显示",
    "erase": "删除内容",
}
