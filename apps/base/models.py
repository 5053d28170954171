"""What the floor remembers: heartbeats, the last run of each job, who looked at whose data, versions of what is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.base.worded import redrawn


class Pulse(models.Model):
    """When a kind of process (beat, worker) was last heard."""

    name = models.CharField("进程", max_length=40, primary_key=True)
    heard_at = models.DateTimeField("最近一次心跳")
    # How far the process's clock was ahead of the database's then; behind is negative.
    ahead_ms = models.IntegerField("时钟偏差（毫秒）", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "进程心跳"

    def __str__(self) -> str:
        return {"beat": "定时调度", "worker": "后台任务"}.get(self.name, self.name)


class JobRun(models.Model):
    """The last run of a sweep: one row a job, overwritten by each run."""

    name = models.CharField("任务", max_length=80, primary_key=True)
    started_at = models.DateTimeField("最近开始")
    finished_at = models.DateTimeField("最近完成", null=True)
    succeeded_at = models.DateTimeField("最近成功", null=True)
    handled = models.PositiveIntegerField("处理数量", default=0)
    error = models.CharField("最近错误", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "定时任务"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Reckoning(models.Model):
    """The last look at a promise that can be reckoned up (``base.invariants``): one row each, overwritten by each look."""

    name = models.CharField("名称", max_length=60, primary_key=True)
    title = models.CharField("应当成立", max_length=100)
    checked_at = models.DateTimeField("最近核对")
    faults = models.PositiveIntegerField("不符数量", default=0)
    broken_since = models.DateTimeField("不符自", null=True)
    lines = models.TextField("不符明细", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "账目核对"
        ordering = ["-faults", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(faults=0, broken_since__isnull=True)
                | models.Q(faults__gte=1, broken_since__isnull=False),
                name="reckoning_broken_since_exactly_when_broken",
            )
        ]

    def __str__(self) -> str:
        return self.title


class AuditEntry(models.Model):
    """An operator saw, exported or changed something that must not happen unseen. Append-only.

    Who failed to log in under a name that nobody has is nobody: such an entry has no operator.
    """

    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    action = models.CharField("动作", max_length=40)
    subject = models.CharField("对象", max_length=80)
    note = models.CharField("说明", max_length=200, blank=True)
    # The row that it is about, as ``orders.order`` and its key: its history is found by them.
    kind = models.CharField("数据类型", max_length=80, blank=True, db_default="")
    key = models.CharField("数据编号", max_length=64, blank=True, db_default="")
    # What changed, as lists of label, before, after; what tells of a person is named, never quoted.
    changes = models.JSONField("变更", null=True)
    # The token of a page that acts once: however often it is sent, it is written down once.
    once = models.CharField("页面编号", max_length=36, blank=True, db_default="")
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kind", "key", "id"], name="audit_of_a_row"),
            models.Index(fields=["once"], condition=~models.Q(once=""), name="audit_of_a_page"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

    @property
    def told_changes(self) -> list[tuple[str, str, str]]:
        """``changes`` as pages show them: what was kept as Python wrote it is put into words."""
        return [(label, redrawn(before), redrawn(after)) for label, before, after in self.changes or ()]


class Version(models.Model):
    """Which state a topic's tables are in; written by triggers only (``base.versions``)."""

    topic = models.CharField("主题", max_length=40, primary_key=True)
    token = models.UUIDField("版本")

    class Meta:
        verbose_name = verbose_name_plural = "版本"

    def __str__(self) -> str:
        return self.topic
