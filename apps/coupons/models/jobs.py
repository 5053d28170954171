"""Mass issues: one coupon for each of many members."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.coupons.models.templates import Template
from apps.coupons.states import JobStatus
from apps.members.models import Group, Level, Member


class IssueJob(models.Model):
    """One coupon for each of many members, issued in chunks; ``cursor`` is the last member that was reached."""

    class Audience(models.TextChoices):
        ALL = "ALL", "全部会员"
        LEVEL = "LEVEL", "指定等级"
        GROUP = "GROUP", "指定分组"
        LIST = "LIST", "指定会员名单"

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    audience = models.CharField("发放对象", max_length=5, choices=Audience.choices)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员等级")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员分组")
    reason = models.CharField("发放原因", max_length=100)
    status = models.CharField("状态", max_length=8, choices=JobStatus.choices, default=JobStatus.RUNNING)
    # Members that register while it runs are not meant: it ends at the last one of its beginning.
    last_member_id = models.BigIntegerField("最后会员")
    cursor = models.BigIntegerField("进度位置", default=0)
    total = models.PositiveIntegerField("应发人数")
    reached = models.PositiveIntegerField("已处理人数", default=0)
    issued = models.PositiveIntegerField("已发放", default=0)
    unknown = models.PositiveIntegerField("无法识别的编号", default=0)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    created_at = models.DateTimeField("创建时间")
    # The page that ordered it; empty where a program did. The same page orders once.
    token = models.CharField("页面标识", max_length=40, default="", db_default="", editable=False)
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量发放"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["token"], condition=~Q(token=""), name="issue_job_once_per_page"),
            models.CheckConstraint(
                condition=Q(audience="LEVEL", level__isnull=False)
                | (~Q(audience="LEVEL") & Q(level__isnull=True)),
                name="issue_job_level_when_by_level",
            ),
            models.CheckConstraint(
                condition=Q(audience="GROUP", group__isnull=False)
                | (~Q(audience="GROUP") & Q(group__isnull=True)),
                name="issue_job_group_when_by_group",
            ),
            models.CheckConstraint(
                condition=Q(status="RUNNING", finished_at__isnull=True)
                | (~Q(status="RUNNING") & Q(finished_at__isnull=False)),
                name="issue_job_finished_exactly_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"批量发放 {self.pk}"


class IssueTarget(models.Model):
    """A member on the list of a mass issue."""

    job = models.ForeignKey(IssueJob, on_delete=models.CASCADE, db_index=False, verbose_name="批量发放")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, db_index=False, verbose_name="会员")

    class Meta:
        verbose_name = verbose_name_plural = "发放名单"
        constraints = [models.UniqueConstraint(fields=["job", "member"], name="issue_target_once_per_job")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.member_id}"
