"""How each member stands as a customer: recency, frequency, money; the rules of that, and what each night found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.audiences.states import Borders, Standing
from apps.base.fields import FenField
from apps.members.models import Member

_DAYS = [MinValueValidator(1), MaxValueValidator(3_650)]


class RfmRules(models.Model):
    """The one row that says how buying is scored. Where nobody saved it, its defaults hold.

    The four borders of each figure are the least that score 2, 3, 4 and 5; of days since the last payment, the most
    that score 5, 4, 3 and 2.
    """

    borders = models.CharField(
        "评分方法",
        max_length=10,
        choices=Borders.choices,
        default=Borders.QUINTILES,
        help_text="五等分：每天按全部买过的会员排序，各占约五分之一；自定：按下面三行标准",
    )
    window_days = models.PositiveIntegerField(
        "统计天数", default=365, validators=_DAYS, help_text="消费次数与金额统计最近多少天"
    )
    new_days = models.PositiveIntegerField(
        "新客天数", default=30, validators=_DAYS, help_text="首次付款后多少天内、且只买过一次，算新客"
    )
    own_days = ArrayField(models.PositiveIntegerField(), verbose_name="距上次付款（天）", size=4)
    own_orders = ArrayField(models.PositiveIntegerField(), verbose_name="消费次数", size=4)
    own_money_fen = ArrayField(models.PositiveBigIntegerField(), verbose_name="消费金额（分）", size=4)

    class Meta:
        verbose_name = verbose_name_plural = "RFM 规则"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="rfm_rules_one_row"),
            models.CheckConstraint(
                condition=Q(window_days__gte=1, window_days__lte=3_650, new_days__gte=1, new_days__lte=3_650),
                name="rfm_days_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class Rfm(models.Model):
    """One member as a customer: one row each, renewed when their orders change and every night.

    ``orders`` and ``spent_fen`` are those of the rules' window, without what was refunded; ``orders_ever`` has no window.
    Scores are 1 to 5, 5 the best, 0 for whoever never bought.
    """

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, related_name="rfm", primary_key=True, verbose_name="会员"
    )
    first_paid_at = models.DateTimeField("首次付款", null=True)
    last_paid_at = models.DateTimeField("最近付款", null=True)
    orders = models.PositiveIntegerField("消费次数", default=0)
    spent_fen = FenField("消费金额（分）", default=0)
    orders_ever = models.PositiveIntegerField("历史消费次数", default=0)
    # Where the last paid order went, in the names of mall.regions.
    province = models.CharField("最近收货省", max_length=20, blank=True)
    city = models.CharField("最近收货市", max_length=20, blank=True)
    r = models.PositiveSmallIntegerField("R 分", default=0)
    f = models.PositiveSmallIntegerField("F 分", default=0)
    m = models.PositiveSmallIntegerField("M 分", default=0)
    standing = models.CharField("客户分层", max_length=10, choices=Standing.choices, default=Standing.NEVER)
    since = models.DateTimeField("进入此层")
    reckoned_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员分层（RFM）"
        ordering = ["-member_id"]
        constraints = [
            models.CheckConstraint(condition=Q(r__lte=5, f__lte=5, m__lte=5), name="rfm_scores_at_most_five"),
            models.CheckConstraint(
                condition=Q(orders_ever=0, last_paid_at__isnull=True, first_paid_at__isnull=True)
                | Q(orders_ever__gte=1, last_paid_at__gte=F("first_paid_at")),
                name="rfm_paid_exactly_when_bought",
            ),
            models.CheckConstraint(
                condition=Q(standing=Standing.NEVER, r=0, f=0, m=0)
                | (~Q(standing=Standing.NEVER) & Q(r__gte=1, f__gte=1, m__gte=1)),
                name="rfm_scored_exactly_unless_never",
            ),
        ]
        indexes = [
            models.Index(fields=["standing", "member"], name="rfm_by_standing"),
            models.Index(fields=["province", "city", "member"], name="rfm_by_area"),
        ]

    def __str__(self) -> str:
        return self.get_standing_display()


class Reckoning(models.Model):
    """What a night found: the borders between the scores, and how many members stood in each class.

    ``seen_until`` is up to when orders were looked at, by this night or by the hours after it.
    """

    day = models.DateField("日期", unique=True)
    at = models.DateTimeField("计算时间")
    borders = models.CharField("评分方法", max_length=10, choices=Borders.choices)
    window_days = models.PositiveIntegerField("统计天数")
    new_days = models.PositiveIntegerField("新客天数")
    days = ArrayField(models.IntegerField(), verbose_name="距上次付款（天）", size=4)
    orders = ArrayField(models.IntegerField(), verbose_name="消费次数", size=4)
    money_fen = ArrayField(models.BigIntegerField(), verbose_name="消费金额（分）", size=4)
    sizes = models.JSONField("各层人数", default=dict)
    seen_until = models.DateTimeField("订单截至")

    class Meta:
        verbose_name = verbose_name_plural = "分层记录"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}"
