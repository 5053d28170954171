"""Contests of promoters: a leaderboard over a window, with rewards for its first places."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.distribution.models.promoters import Promoter


class Contest(models.Model):
    """A leaderboard of what promoters brought in ``[starts_at, ends_at)``; ``rewarded_at``: its rewards are booked."""

    title = models.CharField("名称", max_length=30)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    # Refunds of what was bought in the window may come after it: so long the rewards wait.
    wait_days = models.PositiveIntegerField(
        "结束后几天发奖", default=7, help_text="等待退款，名次按发奖时计算"
    )
    enabled = models.BooleanField("启用", default=True)
    rewarded_at = models.DateTimeField("发奖时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "推客榜单活动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="contest_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Prize(models.Model):
    """What a place of a contest wins: 第 4 至 10 名各 20 元."""

    contest = models.ForeignKey(
        Contest, on_delete=models.CASCADE, related_name="prizes", verbose_name="榜单活动"
    )
    first_place = models.PositiveSmallIntegerField("名次从")
    last_place = models.PositiveSmallIntegerField("到")
    reward_fen = FenField("每人奖励（分）")

    class Meta:
        verbose_name = verbose_name_plural = "榜单奖励"
        ordering = ["first_place"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_place__gte=1, last_place__gte=F("first_place"), last_place__lte=100),
                name="contest_prize_places",
                violation_error_message="名次应从 1 到 100，且不能倒置",
            ),
            models.CheckConstraint(condition=Q(reward_fen__gte=1), name="contest_prize_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.first_place}–{self.last_place}"


class Winner(models.Model):
    """Who won what in a contest: written once, when its rewards are booked."""

    contest = models.ForeignKey(
        Contest, on_delete=models.PROTECT, related_name="winners", verbose_name="榜单活动", db_index=False
    )
    promoter = models.ForeignKey(Promoter, on_delete=models.PROTECT, related_name="+", verbose_name="推客")
    place = models.PositiveSmallIntegerField("名次")
    orders = models.PositiveIntegerField("订单数")
    amount_fen = FenField("推广金额（分）")
    reward_fen = FenField("奖励（分）")

    class Meta:
        verbose_name = verbose_name_plural = "榜单获奖"
        ordering = ["contest", "place"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "promoter"], name="contest_winner_once"),
            models.UniqueConstraint(fields=["contest", "place"], name="contest_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.contest} #{self.place}"
