"""Batches of single-use codes, and how often a member mistyped one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.coupons.models.templates import Template
from apps.coupons.states import BatchStatus
from apps.members.models import Member


class CodeBatch(models.Model):
    """A number of single-use codes of one template, made piece by piece. Their quota is taken at once."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    name = models.CharField("批次名称", max_length=40)
    size = models.PositiveIntegerField("数量")
    made = models.PositiveIntegerField("已生成", default=0)
    status = models.CharField("状态", max_length=8, choices=BatchStatus.choices, default=BatchStatus.MAKING)
    expires_at = models.DateTimeField("兑换截止", null=True, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    created_at = models.DateTimeField("创建时间")
    # The page that ordered it; empty where a program did. The same page orders once.
    token = models.CharField("页面标识", max_length=40, default="", db_default="", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "兑换码批次"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="code_batch_once_per_page"
            ),
            models.CheckConstraint(condition=Q(size__gte=1), name="code_batch_not_empty"),
            models.CheckConstraint(condition=Q(made__lte=F("size")), name="code_batch_made_within_size"),
        ]

    def __str__(self) -> str:
        return self.name


class Code(models.Model):
    """One code of a batch; whoever redeems it first has it."""

    batch = models.ForeignKey(CodeBatch, on_delete=models.PROTECT, related_name="codes", verbose_name="批次")
    code = models.CharField("兑换码", max_length=20, unique=True)
    redeemed_by = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, db_index=False, verbose_name="兑换会员"
    )
    redeemed_at = models.DateTimeField("兑换时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "兑换码"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(redeemed_by__isnull=True, redeemed_at__isnull=True)
                | Q(redeemed_by__isnull=False, redeemed_at__isnull=False),
                name="code_redeemed_by_somebody_at_some_time",
            )
        ]

    def __str__(self) -> str:
        return self.code


class CodeTries(models.Model):
    """How many wrong codes a member has typed in the present hour. In the database: Redis may be away."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, verbose_name="会员")
    since = models.DateTimeField("计数开始")
    wrong = models.PositiveIntegerField("错误次数")

    class Meta:
        verbose_name = verbose_name_plural = "兑换码错误次数"

    def __str__(self) -> str:
        return f"{self.member_id}: {self.wrong}"
