"""Facts that every way to sell together has: window and approval, the SKUs it speaks for, how many units are taken."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from apps.base.fields import FenField
from apps.campaigns.states import Approval, State
from apps.catalog.models import Sku
from apps.members.models import Member


class CampaignColumns(models.Model):
    """The columns of a campaign: what it is called, when it runs, what goes with its price, what operators decided.

    Windows are half-open, ``[starts_at, ends_at)``. ``code`` is its name in files (``load_campaigns``).
    ``combines`` are names of extras that may go with its price (``checkout.activities.Extra``).
    """

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=30, help_text="买家会看到，例如「春茶三人团」")
    preheat_at = models.DateTimeField(
        "预热开始", null=True, blank=True, help_text="从此刻起买家看得到；留空表示批准后立即预热"
    )
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    combines = models.JSONField("可同享", default=list, db_default=[], blank=True)
    approval = models.CharField(
        "状态", max_length=10, choices=Approval.choices, default=Approval.DRAFT, editable=False
    )

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="%(app_label)s_%(class)s_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
            models.CheckConstraint(
                condition=Q(preheat_at__isnull=True) | Q(preheat_at__lte=F("starts_at")),
                name="%(app_label)s_%(class)s_preheat_before_start",
                violation_error_message="预热开始不能晚于活动开始",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def state_at(self, at: datetime) -> State:
        """Where this moment lies in the window; what was stopped has ended."""
        if self.approval == Approval.STOPPED or at >= self.ends_at:
            return State.ENDED
        return State.UPCOMING if at < self.starts_at else State.LIVE

    def offered_at(self, at: datetime) -> bool:
        """Whether it can be ordered now or soon: approved, neither paused nor over."""
        return self.approval == Approval.APPROVED and at < self.ends_at


class _WindowOf(Func):
    """A window as a range of the database, half-open."""

    function = "TSTZRANGE"


class SkuWindow(models.Model):
    """A SKU that an approved campaign speaks for in its window: no two campaigns do at the same time.

    ``kind`` and ``activity_id`` are what an order names; ``price_fen`` is the lowest price that it can be had for.
    """

    kind = models.CharField("活动类型", max_length=20)
    activity_id = models.CharField("活动编号", max_length=40)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    label = models.CharField("标签", max_length=20)
    title = models.CharField("活动名称", max_length=30)
    price_fen = FenField("最低价（分）")
    preheat_at = models.DateTimeField("预热开始", null=True, blank=True)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    paused = models.BooleanField("已暂停", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "活动日历"
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "activity_id", "sku"], name="campaign_sku_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="campaign_sku_window_forward"
            ),
            # A range of one number stands for equality: the operators of ranges need no extension.
            ExclusionConstraint(
                name="campaign_sku_one_at_a_time",
                expressions=[
                    (
                        Func(F("sku"), F("sku"), Value("[]"), function="INT8RANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                    (_WindowOf("starts_at", "ends_at", Value("[)")), RangeOperators.OVERLAPS),
                ],
                violation_error_message="同一商品规格同一时间只能参加一个活动",
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="campaign_sku_by_end")]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"


class Quota(models.Model):
    """How many units of an activity can be had and how many are taken, held ones included.

    ``set_aside`` are units that nobody has taken, but to which somebody has a right: others cannot take them.
    """

    kind = models.CharField("活动类型", max_length=20)
    # What the quota is of, within its kind: usually the id that an order names.
    key = models.CharField("活动编号", max_length=60)
    quota = models.PositiveIntegerField("总量", null=True, blank=True, help_text="留空表示不限")
    taken = models.PositiveIntegerField("已占用", default=0)
    set_aside = models.PositiveIntegerField("为候补保留", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "活动数量"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="campaign_quota_once"),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(taken__lte=F("quota")),
                name="campaign_taken_within_quota",
                violation_error_message="总量不能少于已占用的数量",
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(set_aside__lte=F("quota") - F("taken")),
                name="campaign_set_aside_within_quota",
                violation_error_message="总量不能少于已占用和保留的数量",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class MemberUnits(models.Model):
    """How many units one member has of a quota, unpaid ones included: what the limit per member counts."""

    quota = models.ForeignKey(
        Quota, on_delete=models.PROTECT, related_name="+", verbose_name="活动数量", db_index=False
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    units = models.PositiveIntegerField("件数")

    class Meta:
        verbose_name = verbose_name_plural = "会员占用"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["quota", "member"], name="campaign_member_once")]

    def __str__(self) -> str:
        return f"{self.quota_id} {self.member_id} × {self.units}"


class Take(models.Model):
    """Units of a quota that an order took, or gave back. Append-only; what is taken = Σ ``units``."""

    class Verb(models.TextChoices):
        HOLD = "hold", "占用"
        COMMIT = "commit", "使用"
        RELEASE = "release", "释放"
        RESTORE = "restore", "退回"

    quota = models.ForeignKey(Quota, on_delete=models.PROTECT, verbose_name="活动数量")
    order_no = models.CharField("订单号", max_length=32)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, verbose_name="会员", db_index=False)
    verb = models.CharField("动作", max_length=8, choices=Verb.choices)
    # The refund's number where a part comes back; an order is held, used and released once.
    cause = models.CharField("原因", max_length=64, blank=True)
    # Positive when held, negative when given back, 0 when committed.
    units = models.IntegerField("件数变化")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "活动数量流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_no", "quota", "verb", "cause"], name="campaign_take_once_per_verb"
            )
        ]
        indexes = [models.Index(fields=["member", "-id"], name="campaign_take_by_member")]

    def __str__(self) -> str:
        return f"{self.order_no} {self.verb} {self.units}"
