"""Promoters' withdrawals by 商家转账, and the story of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.distribution.models.promoters import Promoter
from apps.distribution.states import WITHDRAWAL_STEPS, WithdrawalStatus

_WITH_WECHAT = Q(status__in=["PAYING", "CONFIRM"])
_ENDED = Q(status__in=["DONE", "FAILED", "REJECTED"])
_LET_PASS = Q(status__in=["PAYING", "CONFIRM", "DONE", "FAILED"])


class Withdrawal(models.Model):
    """What a promoter takes out. Its number is WeChat's out_bill_no, for ever; the status is written by one service.

    The name is there only where WeChat demands it, sealed for WeChat (who alone can read it) and only until the end;
    people read the mask.
    """

    withdrawal_no = models.CharField("提现单号", max_length=32, unique=True)
    promoter = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, related_name="withdrawals", verbose_name="推客", db_index=False
    )
    amount_fen = FenField("金额（分）")
    status = models.CharField(
        "状态", max_length=10, choices=WithdrawalStatus.choices, default=WithdrawalStatus.REVIEW
    )
    idempotency_key = models.CharField("请求标识", max_length=80)
    # Frozen with the request, so that every call under the number says the same.
    openid = models.CharField("openid", max_length=64, blank=True)
    name_sealed = models.TextField("加密的姓名", blank=True)
    name_key_id = models.CharField("加密公钥 ID", max_length=64, blank=True)
    name_masked = models.CharField("姓名", max_length=10, blank=True)
    # By which a repeated request is known to name the same person; goes with the mask.
    name_digest = models.CharField("姓名摘要", max_length=32, blank=True, db_default="", editable=False)
    # How many people have to look at it, by the rules of the day on which it was asked for.
    reviews_needed = models.PositiveSmallIntegerField("须几人审核", default=0)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="审核人"
    )
    reviewed_at = models.DateTimeField("审核时间", null=True)
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="复核人"
    )
    seconded_at = models.DateTimeField("复核时间", null=True)
    # What WeChat says of it.
    transfer_bill_no = models.CharField("微信转账单号", max_length=64, blank=True)
    wechat_state = models.CharField("微信状态", max_length=32, blank=True)
    package_info = models.TextField("收款信息", blank=True)
    fail_reason = models.CharField("退回原因", max_length=64, blank=True)
    # What the promoter reads about it.
    reason = models.CharField("说明", max_length=100, blank=True)
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    due_at = models.DateTimeField("下次处理时间", null=True)
    last_error = models.CharField("最近一次错误", max_length=300, blank=True)
    requested_at = models.DateTimeField("申请时间")
    offered_at = models.DateTimeField("待确认时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "推客提现"
        ordering = ["-id"]
        permissions = [
            ("review_withdrawal", "审核推客提现"),
            ("cancel_withdrawal", "撤销待确认的推客提现"),
            ("export_withdrawal", "导出推客提现月报"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["promoter", "idempotency_key"], name="withdrawal_once_per_key"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="withdrawal_of_something"),
            models.CheckConstraint(
                condition=(_WITH_WECHAT & Q(due_at__isnull=False)) | (~_WITH_WECHAT & Q(due_at__isnull=True)),
                name="withdrawal_due_while_with_wechat",
            ),
            models.CheckConstraint(
                condition=(_ENDED & Q(ended_at__isnull=False)) | (~_ENDED & Q(ended_at__isnull=True)),
                name="withdrawal_ended_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(name_sealed="") | ~_ENDED, name="withdrawal_keeps_no_name_at_its_end"
            ),
            models.CheckConstraint(condition=Q(reviews_needed__lte=2), name="withdrawal_two_people_at_most"),
            # Who may let money out is a matter of rows, too: nobody is both.
            models.CheckConstraint(
                condition=~_LET_PASS | Q(reviews_needed=0) | Q(reviewed_by__isnull=False),
                name="withdrawal_reviewed_where_needed",
            ),
            models.CheckConstraint(
                condition=~_LET_PASS | Q(reviews_needed__lte=1) | Q(seconded_by__isnull=False),
                name="withdrawal_seconded_where_needed",
            ),
            models.CheckConstraint(
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=F("reviewed_by")),
                name="withdrawal_seconded_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["promoter", "-id"], name="withdrawal_of_promoter"),
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="withdrawal_due"),
            models.Index(fields=["status", "-id"], name="withdrawal_by_status"),
            models.Index(fields=["ended_at", "promoter"], condition=Q(status="DONE"), name="withdrawal_done"),
        ]

    def __str__(self) -> str:
        return self.withdrawal_no

    @property
    def waits_for_second(self) -> bool:
        """Whether one person has let it pass and another is still needed."""
        return self.status == WithdrawalStatus.REVIEW and self.reviewed_at is not None


class WithdrawalStep(models.Model):
    """One step of a withdrawal: what happened, who did it, how it stood then. Append-only."""

    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, related_name="history", verbose_name="提现"
    )
    step = models.CharField("步骤", max_length=10, choices=list(WITHDRAWAL_STEPS.items()))
    to_status = models.CharField("状态", max_length=10, choices=WithdrawalStatus.choices)
    note = models.CharField("说明", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "提现经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.withdrawal_id}: {self.step}"
