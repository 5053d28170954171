"""The tables of journeys: what shall happen, who is on the way and how far, and what was done to whom."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.journeys.states import Arm, Exit, JourneyStatus, Outcome, Reason, Standing, TaskStatus
from apps.members.models import Member


class Journey(models.Model):
    """What shall happen to whoever meets its trigger. ``plan`` is what operators edit; members walk by versions.

    ``hears`` is what its live version waits for: ``event:OrderPaid`` or the kind of another trigger. ``swept_on``,
    ``swept_at`` and ``cursor`` say how far the search for members has come. ``paused_for`` is why the shop itself paused it.
    """

    code = models.CharField(
        "编码", max_length=40, unique=True, help_text="字母、数字、连字符；开始后不能修改"
    )
    title = models.CharField("名称", max_length=40)
    note = models.CharField("说明", max_length=200, blank=True, help_text="只有操作员看得到")
    status = models.CharField(
        "状态", max_length=6, choices=JourneyStatus.choices, default=JourneyStatus.DRAFT
    )
    plan = models.JSONField("流程", default=dict)
    revision = models.PositiveIntegerField("修改次数", default=0)
    current = models.ForeignKey(
        "JourneyVersion", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="现行版本"
    )
    holdout_percent = models.PositiveSmallIntegerField(
        "对照组（%）",
        default=10,
        validators=[MaxValueValidator(50)],
        help_text="这部分会员什么都收不到，用来比较效果；0 表示没有对照；开始后不能修改",
    )
    measure_days = models.PositiveSmallIntegerField(
        "效果统计天数",
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="进入后多少天内下单算作效果",
    )
    hears = models.CharField("等待", max_length=40, blank=True)
    swept_on = models.DateField("检查日期", null=True)
    swept_at = models.DateTimeField("检查时间", null=True)
    cursor = models.BigIntegerField("进度位置", default=0)
    paused_for = models.CharField("暂停原因", max_length=200, blank=True)
    created_at = models.DateTimeField("创建时间")
    started_at = models.DateTimeField("开始时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "营销旅程"
        ordering = ["-id"]
        permissions = [("run_journey", "开始、暂停与结束营销旅程")]
        constraints = [
            models.CheckConstraint(condition=~Q(code="") & ~Q(title=""), name="journey_is_called_something"),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50, measure_days__gte=1, measure_days__lte=90),
                name="journey_figures_within_bounds",
            ),
            models.CheckConstraint(
                condition=Q(status=JourneyStatus.ENDED, ended_at__isnull=False)
                | ~Q(status=JourneyStatus.ENDED) & Q(ended_at__isnull=True),
                name="journey_ended_exactly_when_over",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[JourneyStatus.DRAFT, JourneyStatus.ENDED])
                | Q(current__isnull=False, started_at__isnull=False),
                name="journey_runs_by_a_version",
            ),
        ]
        indexes = [models.Index(fields=["hears"], condition=Q(status="LIVE"), name="journey_that_hears")]

    def __str__(self) -> str:
        return self.title


class JourneyVersion(models.Model):
    """A plan as it was put in force once. Append-only: whoever began by it walks by it to the end.

    ``contents`` names the text of each message by its step; ``needs`` the rows without which it cannot go on.
    """

    journey = models.ForeignKey(
        Journey, on_delete=models.PROTECT, related_name="versions", db_index=False, verbose_name="营销旅程"
    )
    number = models.PositiveIntegerField("版本")
    plan = models.JSONField("流程")
    contents = models.JSONField("消息内容", default=dict)
    needs = models.JSONField("引用", default=dict)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "旅程版本"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="journey_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="journey_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 版"


class Participation(models.Model):
    """A member in a journey, once for each occasion, and once at a time. ``cursor`` is the step that is next at
    ``next_due_at``.

    The holdout walks the same way, and nothing is done to it. ``subject`` is what brought the member: an order's number.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="journeys", db_index=False, verbose_name="会员"
    )
    journey = models.ForeignKey(
        Journey,
        on_delete=models.PROTECT,
        related_name="participations",
        db_index=False,
        verbose_name="营销旅程",
    )
    version = models.ForeignKey(
        JourneyVersion, on_delete=models.PROTECT, related_name="participations", db_index=False,
        verbose_name="版本",
    )  # fmt: skip
    occasion = models.CharField("时机", max_length=60)
    subject = models.CharField("业务编号", max_length=40, blank=True)
    arm = models.CharField("分组", max_length=7, choices=Arm.choices)
    status = models.CharField("状态", max_length=8, choices=Standing.choices, default=Standing.WALKING)
    cursor = models.PositiveSmallIntegerField("下一步", default=1)
    next_due_at = models.DateTimeField("下一步时间", null=True)
    exit = models.CharField("退出原因", max_length=12, choices=Exit.choices, blank=True)
    entered_at = models.DateTimeField("进入时间")
    ended_at = models.DateTimeField("离开时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "旅程参与"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "journey", "occasion"], name="journey_once_per_occasion"
            ),
            models.UniqueConstraint(
                fields=["member", "journey"], condition=Q(status="WALKING"), name="journey_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="WALKING", next_due_at__isnull=False, ended_at__isnull=True)
                | ~Q(status="WALKING") & Q(next_due_at__isnull=True, ended_at__isnull=False),
                name="journey_due_exactly_while_walking",
            ),
            models.CheckConstraint(
                condition=Q(status="LEFT") & ~Q(exit="") | ~Q(status="LEFT") & Q(exit=""),
                name="journey_left_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["journey", "next_due_at"], condition=Q(status="WALKING"), name="journey_due"),
            models.Index(fields=["version"], condition=Q(status="WALKING"), name="journey_walked_by"),
            models.Index(fields=["journey", "entered_at"], name="journey_entered"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.journey} · {self.member}"


class StepRecord(models.Model):
    """What a step did for one member, or why it did nothing. Append-only; ``detail`` has the step's words as they were."""

    participation = models.ForeignKey(
        Participation,
        on_delete=models.PROTECT,
        related_name="records",
        db_index=False,
        verbose_name="旅程参与",
    )
    step = models.PositiveSmallIntegerField("步骤")
    kind = models.CharField("动作", max_length=10)
    outcome = models.CharField("结果", max_length=7, choices=Outcome.choices)
    reason = models.CharField("原因", max_length=10, choices=Reason.choices, blank=True)
    detail = models.CharField("内容", max_length=120, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "旅程记录"
        ordering = ["-id"]
        constraints = [
            # The key of what is done: a second time there is nothing to do.
            models.UniqueConstraint(fields=["participation", "step", "outcome"], name="journey_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.get_outcome_display()}"


class Inside(models.Model):
    """A member was in the segment that a journey waits at, when it last looked: whoever is new there enters."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="会员"
    )
    journey = models.ForeignKey(
        Journey, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name="营销旅程"
    )
    at = models.DateTimeField("发现时间")

    class Meta:
        verbose_name = verbose_name_plural = "人群在册"
        constraints = [models.UniqueConstraint(fields=["member", "journey"], name="journey_inside_once")]
        indexes = [models.Index(fields=["journey", "member"], name="journey_inside_of")]

    def __str__(self) -> str:
        return f"{self.journey_id}: {self.member_id}"


class StaffTask(models.Model):
    """Something that a person of the shop shall do for a member, because a journey came to it."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="会员"
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="tasks", db_index=False, verbose_name="旅程参与"
    )
    step = models.PositiveSmallIntegerField("步骤")
    text = models.CharField("任务", max_length=200)
    status = models.CharField("状态", max_length=7, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="处理人"
    )
    done_at = models.DateTimeField("处理时间", null=True)
    note = models.CharField("处理结果", max_length=200, blank=True)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "跟进任务"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["participation", "step"], name="journey_task_once"),
            models.CheckConstraint(
                condition=Q(status=TaskStatus.OPEN, done_at__isnull=True)
                | ~Q(status=TaskStatus.OPEN) & Q(done_at__isnull=False),
                name="journey_task_done_exactly_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="journey_task_by_status"),
            models.Index(fields=["member"], name="journey_task_of_member"),
        ]

    def __str__(self) -> str:
        return self.text
