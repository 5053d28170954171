"""Facts of flash sales: sessions and their goods, plans that make sessions, who is to be reminded and who waits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.base.fields import FenField
from apps.campaigns.models import CampaignColumns
from apps.catalog.models import Sku
from apps.flashsale.states import WaitState
from apps.members.models import Group, Member

# A session longer than this is no flash sale, and its plan would run into its own next day.
DAY_MINUTES = 24 * 60


class Plan(models.Model):
    """Sessions that come again: at the same hour, every day or on some days of the week.

    A sweep makes the sessions of the coming days, each with goods and quota of its own; a change of the plan is for
    sessions that are not made yet.
    """

    code = models.CharField("编码", max_length=30, unique=True, help_text="场次的编码以此开头，例如 DAILY-10")
    title = models.CharField("名称", max_length=30, help_text="买家会看到，例如「每天十点秒杀」")
    # ISO numbers, Monday is 1; empty is every day.
    weekdays = models.JSONField("星期", default=list, blank=True)
    starts = models.TimeField("开始时刻", help_text="北京时间，例如 10:00")
    minutes = models.PositiveSmallIntegerField("持续分钟", default=120)
    preheat_minutes = models.PositiveSmallIntegerField(
        "提前预热分钟", null=True, blank=True, help_text="开始前多少分钟起买家看得到；留空表示生成后立即预热"
    )
    from_day = models.DateField("首日")
    until_day = models.DateField("末日", null=True, blank=True, help_text="含当天；留空表示一直重复")
    ahead_days = models.PositiveSmallIntegerField("提前生成天数", default=7)
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="会员分组专享",
        help_text="只有此分组的会员可以下单；留空表示所有会员",
    )
    combines = models.JSONField("可同享", default=list, blank=True)
    enabled = models.BooleanField("启用", default=False)
    # Why the sweep could not make the last session that was due; empty if it could.
    problem = models.CharField("未能生成的原因", max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "重复秒杀"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=DAY_MINUTES),
                name="flash_plan_within_a_day",
                violation_error_message="持续时间应为 1 到 1440 分钟",
            ),
            models.CheckConstraint(
                condition=Q(ahead_days__gte=1, ahead_days__lte=30),
                name="flash_plan_ahead_within_a_month",
                violation_error_message="提前生成天数应为 1 到 30",
            ),
            models.CheckConstraint(
                condition=Q(until_day__isnull=True) | Q(until_day__gte=models.F("from_day")),
                name="flash_plan_days_forward",
                violation_error_message="末日不能早于首日",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PlanGood(models.Model):
    """Goods that each session of a plan has."""

    plan = models.ForeignKey(
        Plan, on_delete=models.CASCADE, related_name="goods", verbose_name="重复秒杀", db_index=False
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    price_fen = FenField("秒杀价（分）")
    quota = models.PositiveIntegerField("每场数量")
    limit_per_member = models.PositiveIntegerField("每人限购", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "每场商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "sku"],
                name="flash_plan_sku_once",
                violation_error_message="同一商品规格只能添加一次",
            ),
            models.CheckConstraint(
                condition=Q(price_fen__gte=1, quota__gte=1, limit_per_member__gte=1),
                name="flash_plan_good_of_something",
                violation_error_message="数量和每人限购至少为 1",
            ),
        ]

    def __str__(self) -> str:
        return self.sku.code


class Session(CampaignColumns):
    """One flash sale: goods at a price, so many of each, in a window. ``day`` is the plan's day it was made for."""

    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="会员分组专享",
        help_text="只有此分组的会员可以下单；留空表示所有会员",
    )
    plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="sessions",
        verbose_name="重复秒杀",
        db_index=False,
    )
    day = models.DateField("场次日期", null=True, blank=True, editable=False)

    class Meta(CampaignColumns.Meta):
        verbose_name = verbose_name_plural = "秒杀场次"
        constraints = [
            *CampaignColumns.Meta.constraints,
            models.UniqueConstraint(fields=["plan", "day"], name="flash_session_once_per_plan_day"),
        ]
        indexes = [models.Index(fields=["ends_at"], name="flash_session_by_end")]


class Good(models.Model):
    """One SKU of a session: what an order names. It is never deleted, since orders name it; who takes it out withdraws it.

    How many are taken stands in ``campaigns.Quota`` under this row's id.
    """

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="goods", verbose_name="秒杀场次", db_index=False
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    price_fen = FenField("秒杀价（分）")
    quota = models.PositiveIntegerField("数量")
    limit_per_member = models.PositiveIntegerField("每人限购", default=1)
    withdrawn = models.BooleanField("已移出", default=False, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "秒杀商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "sku"],
                name="flash_sku_once_per_session",
                violation_error_message="同一商品规格只能添加一次",
            ),
            models.CheckConstraint(
                condition=Q(price_fen__gte=1, quota__gte=1, limit_per_member__gte=1),
                name="flash_good_of_something",
                violation_error_message="数量和每人限购至少为 1",
            ),
        ]

    def __str__(self) -> str:
        return self.sku.code

    @property
    def key(self) -> str:
        """The name of its quota and of its window."""
        return str(self.pk)


class Reminder(models.Model):
    """A member wants to be told before a session begins. It is sent when there are messages."""

    good = models.ForeignKey(Good, on_delete=models.CASCADE, related_name="+", verbose_name="秒杀商品")
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", verbose_name="会员", db_index=False
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "开抢提醒"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "good"], name="flash_reminder_once"),
        ]

    def __str__(self) -> str:
        return f"提醒 {self.pk}"


class Wait(models.Model):
    """A member's place in the waiting list of a good that is sold out; in turn a right to one unit ``until`` a moment."""

    good = models.ForeignKey(Good, on_delete=models.PROTECT, related_name="+", verbose_name="秒杀商品")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    state = models.CharField("状态", max_length=8, choices=WaitState.choices, default=WaitState.WAITING)
    queued_at = models.DateTimeField("排队时间")
    until = models.DateTimeField("保留到", null=True, blank=True)
    order_no = models.CharField("订单号", max_length=32, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "候补"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "good"], name="flash_wait_once"),
            models.CheckConstraint(
                condition=~Q(state=WaitState.YOURS) | Q(until__isnull=False), name="flash_right_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(state=WaitState.USED) ^ Q(order_no=""), name="flash_used_right_names_its_order"
            ),
        ]
        indexes = [
            models.Index(
                fields=["good", "queued_at", "id"],
                condition=Q(state=WaitState.WAITING),
                name="flash_wait_in_turn",
            ),
            models.Index(fields=["until"], condition=Q(state=WaitState.YOURS), name="flash_right_by_end"),
        ]

    def __str__(self) -> str:
        return f"候补 {self.pk}（{self.get_state_display()}）"
