"""Bargains, the runs that members open, the cuts that were drawn for each, and who helped."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.bargain.states import RunStatus
from apps.base.fields import FenField
from apps.campaigns.models import CampaignColumns
from apps.catalog.models import Sku
from apps.members.models import Member


class Bargain(CampaignColumns):
    """A campaign: one SKU, how low it goes, how many friends that takes."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    floor_fen = FenField("底价（分）")
    helpers = models.PositiveIntegerField("砍到底价所需人数")
    helps_per_day = models.PositiveIntegerField("每人每天可帮砍次数", default=3)
    minutes_per_run = models.PositiveIntegerField("每次砍价时长（分钟）", default=24 * 60)
    limit_per_member = models.PositiveIntegerField(
        "每人限购（件）",
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1)],
        help_text="买到这么多件后不能再发起，未付款的也计入；留空为不限",
    )
    buy_at_any_price = models.BooleanField("任意价可买", default=True, help_text="不勾选则砍到底价才能购买")

    class Meta(CampaignColumns.Meta):
        verbose_name = verbose_name_plural = "砍价活动"
        constraints = [
            *CampaignColumns.Meta.constraints,
            models.CheckConstraint(
                condition=Q(helpers__gte=1, helps_per_day__gte=1, minutes_per_run__gte=1),
                name="bargain_figures_positive",
            ),
        ]


class Run(models.Model):
    """One member's bargain: the price it began at, what friends have cut, and the order that bought it."""

    bargain = models.ForeignKey(
        Bargain, on_delete=models.PROTECT, related_name="runs", verbose_name="砍价活动"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    bargain_no = models.CharField("砍价编号", max_length=32, unique=True)
    status = models.CharField("状态", max_length=6, choices=RunStatus.choices, default=RunStatus.OPEN)
    start_fen = FenField("起砍价（分）")
    floor_fen = FenField("底价（分）")
    cut_fen = FenField("已砍（分）", default=0)
    helps = models.PositiveIntegerField("已帮砍人数", default=0)
    opened_at = models.DateTimeField("发起时间")
    ends_at = models.DateTimeField("截止时间")
    order_no = models.CharField("订单号", max_length=32, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "砍价进度"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["bargain", "member"],
                condition=Q(status=RunStatus.OPEN),
                name="bargain_run_one_open",
            ),
            models.CheckConstraint(
                condition=Q(cut_fen__lte=F("start_fen") - F("floor_fen")), name="bargain_run_above_floor"
            ),
            models.CheckConstraint(
                condition=Q(status=RunStatus.BOUGHT) | Q(order_no=""), name="bargain_run_order_if_bought"
            ),
        ]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(status=RunStatus.OPEN), name="bargain_run_due"),
            models.Index(fields=["member", "-id"], name="bargain_run_by_member"),
        ]

    def __str__(self) -> str:
        return self.bargain_no

    @property
    def price_fen(self) -> int:
        """What it can be bought for now."""
        return self.start_fen - self.cut_fen

    @property
    def at_floor(self) -> bool:
        """Whether friends have cut all there is."""
        return self.price_fen == self.floor_fen

    def status_at(self, at: datetime) -> RunStatus:
        """The status at a moment: an open run whose clock has run out has lapsed, before a sweep writes it down."""
        if self.status == RunStatus.OPEN and at >= self.ends_at:
            return RunStatus.LAPSED
        return RunStatus(self.status)


class Cut(models.Model):
    """A cut that was drawn when the run opened; all of a run's add up to what lies between start and floor."""

    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, related_name="cuts", verbose_name="砍价进度", db_index=False
    )
    place = models.PositiveIntegerField("次序")
    amount_fen = FenField("砍掉（分）")
    taken = models.BooleanField("已用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "砍价金额"
        ordering = ["run", "place"]
        constraints = [
            models.UniqueConstraint(fields=["run", "place"], name="bargain_cut_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="bargain_cut_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} #{self.place}"


class Help(models.Model):
    """A friend's help: what it cut, or why it waits for somebody to look at it."""

    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, related_name="given", verbose_name="砍价进度", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="帮砍会员", db_index=False
    )
    cut = models.OneToOneField(
        Cut, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="砍价金额"
    )
    newcomer = models.BooleanField("新客", default=False)
    held = models.BooleanField("待核实", default=False)
    reason = models.CharField("待核实原因", max_length=100, blank=True)
    at = models.DateTimeField("时间")
    released_at = models.DateTimeField("放行时间", null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="放行人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "帮砍记录"
        ordering = ["-id"]
        permissions = [("release_help", "放行待核实的帮砍")]
        constraints = [
            models.UniqueConstraint(fields=["run", "member"], name="bargain_help_once_per_run"),
            models.CheckConstraint(
                condition=Q(held=True, cut__isnull=True) | Q(held=False),
                name="bargain_help_held_cuts_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-at"], name="bargain_help_by_member"),
            models.Index(fields=["-id"], condition=Q(held=True), name="bargain_help_held"),
        ]

    def __str__(self) -> str:
        return f"{self.run} · {self.member}"


class HelpsOfDay(models.Model):
    """How many helps a member has given on a Shanghai day, over all bargains."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    day = models.DateField("日期")
    helps = models.PositiveIntegerField("次数")

    class Meta:
        verbose_name = verbose_name_plural = "每日帮砍次数"
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["member", "day"], name="bargain_helps_once_per_day")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.day} × {self.helps}"
