"""Timed offers to everyone, the days and festivals they belong to, and how often each was used.

A row of ``Promotion`` becomes one offer of ``mall.pricing``. What was used stands in the append-only
``Usage``; ``Tally`` counts the same for promotions with a limit, so that taking is one guarded statement.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import ScopedToGoods, Sku
from apps.members.models import Group, Level, Member


class LevelPrice(models.Model):
    """A price of its own for one SKU and one member level; it goes before the level's discount."""

    level = models.ForeignKey(Level, on_delete=models.CASCADE, verbose_name="会员等级", db_index=False)
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="level_prices", verbose_name="SKU")
    price_fen = FenField("会员价（分）")

    class Meta:
        verbose_name = verbose_name_plural = "会员价"
        constraints = [models.UniqueConstraint(fields=["level", "sku"], name="level_price_once_per_sku")]

    def __str__(self) -> str:
        return f"{self.level} · {self.sku}"


class MemberDay(models.Model):
    """Days that come again: each Friday (``weekdays``, Monday is 1), each 15th (``month_days``). Shanghai days."""

    name = models.CharField("名称", max_length=20, unique=True)
    enabled = models.BooleanField("启用", default=True)
    weekdays = models.JSONField("每周", default=list, blank=True)
    month_days = models.JSONField("每月", default=list, blank=True)
    points_bp = models.PositiveIntegerField(
        "积分倍率（万分比）", default=20_000, help_text="20000 表示双倍积分，10000 表示不加倍"
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员日"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points_bp__gte=10_000, points_bp__lte=100_000),
                name="member_day_points_once_to_tenfold",
                violation_error_message="积分倍率须在 1 到 10 倍之间",
            ),
            models.CheckConstraint(
                condition=~Q(weekdays=[], month_days=[]),
                name="member_day_comes_at_least_once",
                violation_error_message="请至少选择一个每周或每月的日子",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """A festival: promotions with one name. From ``preheat_at`` on they are shown, not sold."""

    name = models.CharField("名称", max_length=30, help_text="买家会看到，例如「双十一茶具节」")
    preheat_at = models.DateTimeField("预热开始", null=True, blank=True)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")

    class Meta:
        verbose_name = verbose_name_plural = "节日活动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="campaign_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
            models.CheckConstraint(
                condition=Q(preheat_at__isnull=True) | Q(preheat_at__lt=F("starts_at")),
                name="campaign_preheat_before_start",
                violation_error_message="预热开始必须早于活动开始",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Promotion(ScopedToGoods):
    """One timed offer. What the kind does not use stays empty; the form explains what it refuses."""

    class Kind(models.TextChoices):
        STEPPED = "STEPPED", "满减"
        PERCENT = "PERCENT", "折扣"
        FIXED = "FIXED", "直降或特价"
        GIFT = "GIFT", "买赠"
        BUNDLE = "BUNDLE", "套餐"
        N_FOR_M = "N_FOR_M", "N件M元"
        SECOND_HALF = "SECOND_HALF", "第二件优惠"
        STEP_PRICE = "STEP_PRICE", "阶梯涨价"
        FREE_POSTAGE = "FREE_POSTAGE", "满额包邮"

    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    label = models.CharField("名称", max_length=30, help_text="买家会看到，例如「春茶节满减」")
    enabled = models.BooleanField("启用", default=True)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="promotions",
        verbose_name="节日活动",
    )
    # With one, the offer is made on those days only, inside its window.
    member_day = models.ForeignKey(
        MemberDay,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="promotions",
        verbose_name="仅限会员日",
    )
    # With one, it is for the members of that group alone.
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="promotions",
        verbose_name="仅限会员分组",
    )
    by_pieces = models.BooleanField("按件数", default=False)
    # 满减: [[threshold_fen or pieces, off_fen], …] rising; 阶梯涨价: [[units sold, off_bp], …], off falling.
    steps = models.JSONField("阶梯", default=list, blank=True)
    off_bp = models.PositiveIntegerField(
        "减免（万分比）", null=True, blank=True, help_text="1500 表示减 15%（八五折）"
    )
    off_fen = FenField("每件减（分）", null=True, blank=True)
    price_fen = FenField("价格（分）", null=True, blank=True)
    pieces = models.PositiveIntegerField("件数", null=True, blank=True)
    same_sku = models.BooleanField("须为同一规格", default=True)
    rise_bp = models.PositiveIntegerField("每次涨（万分比）", null=True, blank=True)
    rise_hours = models.PositiveIntegerField("每几小时涨一次", null=True, blank=True)
    cap_fen = FenField("最多减（分）", null=True, blank=True)
    threshold_fen = FenField("门槛（分）", null=True, blank=True)
    regions = models.JSONField("包邮地区", default=list, blank=True, help_text="留空表示全国")
    combines = models.BooleanField("可与其他层优惠叠加", default=True)
    # Names of lanes (``mall.pricing.offers.Lane``) with whose offers it shares no line though it combines.
    excludes = models.JSONField("不与这些优惠同享", default=list, db_default=[], blank=True)
    limit_total = models.PositiveIntegerField("总次数", null=True, blank=True)
    limit_per_day = models.PositiveIntegerField("每天总次数", null=True, blank=True)
    limit_per_member = models.PositiveIntegerField("每人次数", null=True, blank=True)
    limit_per_member_day = models.PositiveIntegerField("每人每天次数", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "促销活动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="promotion_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
            models.CheckConstraint(
                condition=Q(off_bp__isnull=True) | Q(off_bp__gte=1, off_bp__lte=10_000),
                name="promotion_percent_possible",
            ),
            models.CheckConstraint(
                condition=(Q(limit_total__isnull=True) | Q(limit_total__gte=1))
                & (Q(limit_per_day__isnull=True) | Q(limit_per_day__gte=1))
                & (Q(limit_per_member__isnull=True) | Q(limit_per_member__gte=1))
                & (Q(limit_per_member_day__isnull=True) | Q(limit_per_member_day__gte=1)),
                name="promotion_limits_positive",
                violation_error_message="次数限制至少为 1，不限制请留空",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"], condition=Q(enabled=True), name="promotion_live")
        ]

    def __str__(self) -> str:
        return self.label


class PromotionSku(models.Model):
    """A SKU that a promotion gives (买赠, from ``at_least`` on) or that is part of it (套餐, ``at_least`` 0)."""

    promotion = models.ForeignKey(
        Promotion, on_delete=models.CASCADE, related_name="parts", verbose_name="促销活动", db_index=False
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, verbose_name="SKU")
    # Fen or, by pieces, pieces.
    at_least = models.PositiveBigIntegerField("门槛", default=0)
    quantity = models.PositiveIntegerField("数量", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "赠品与套餐商品"
        ordering = ["at_least", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "at_least", "sku"], name="promotion_sku_once_per_step"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="promotion_sku_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"


class Usage(models.Model):
    """One use of a promotion by an order, or its return. Append-only; uses in force = Σ ``uses``."""

    class Verb(models.TextChoices):
        HOLD = "hold", "占用"
        COMMIT = "commit", "使用"
        RELEASE = "release", "释放"
        RESTORE = "restore", "退回"

    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, verbose_name="促销活动", db_index=False
    )
    order_no = models.CharField("订单号", max_length=32)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, verbose_name="会员", db_index=False)
    verb = models.CharField("动作", max_length=8, choices=Verb.choices)
    # +1 when held, -1 when given back, 0 when committed; ``units`` are the pieces likewise.
    uses = models.SmallIntegerField("次数变化")
    units = models.IntegerField("件数变化", default=0)
    amount_fen = FenField("优惠（分）", signed=True)
    # The Shanghai day of the order: what comes back comes back to that day's limit.
    day = models.DateField("日期")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "促销使用流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_no", "promotion", "verb"], name="promotion_usage_once_per_verb"
            )
        ]
        indexes = [models.Index(fields=["promotion", "member"], name="promotion_usage_by_member")]

    def __str__(self) -> str:
        return f"{self.order_no} {self.get_verb_display()} {self.promotion}"


class Tally(models.Model):
    """Uses of a promotion: in all, of one day, of one member, of one member's day (what is NULL is "any")."""

    promotion = models.ForeignKey(
        Promotion, on_delete=models.CASCADE, related_name="tallies", verbose_name="促销活动", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="会员"
    )
    day = models.DateField("日期", null=True)
    uses = models.PositiveIntegerField("次数", default=0)
    units = models.PositiveIntegerField("件数", default=0)
    # When the units of a step-up price passed its last step; from then on the hours count.
    filled_at = models.DateTimeField("售满时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "促销使用计数"
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "member", "day"], nulls_distinct=False, name="promotion_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id}: {self.uses}"


class PriceFloor(models.Model):
    """The one row that says how low promotions may take a price: cost, or a percentage above it."""

    class Mode(models.TextChoices):
        WARN = "WARN", "仅提醒"
        REFUSE = "REFUSE", "拒绝"

    mode = models.CharField("低于底价时", max_length=8, choices=Mode.choices, default=Mode.WARN)
    above_cost_bp = models.PositiveIntegerField(
        "高于成本（万分比）", default=0, help_text="0 表示底价即成本，1000 表示成本之上 10%"
    )

    class Meta:
        verbose_name = verbose_name_plural = "价格底线"
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1), name="price_floor_is_one_row", violation_error_message="价格底线只有一条"
            ),
            models.CheckConstraint(
                condition=Q(above_cost_bp__lte=100_000),
                name="price_floor_at_most_tenfold",
                violation_error_message="底价最多为成本之上 1000%",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class SimulationRun(models.Model):
    """A promotion tried on the paid orders of the last days; the counter replays them in chunks."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "进行中"
        DONE = "DONE", "已完成"
        FAILED = "FAILED", "失败"

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, verbose_name="促销活动")
    days = models.PositiveSmallIntegerField("天数")
    # Orders paid in [since, until) are replayed; ``until`` is when it was asked for.
    since = models.DateTimeField("起")
    until = models.DateTimeField("止")
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.RUNNING)
    # The last order replayed: when it was paid, and its id.
    cursor_at = models.DateTimeField("进度时间", null=True)
    cursor = models.BigIntegerField("进度位置", default=0)
    total = models.PositiveIntegerField("订单数", default=0)
    handled = models.PositiveIntegerField("已回放", default=0)
    figures = models.JSONField("结果", default=dict, blank=True)
    # What is left of the gifts, what a step-up price has sold: ``trials.Trial.kept``.
    kept = models.JSONField("接续状态", default=dict, db_default={}, blank=True)
    error = models.CharField("失败原因", max_length=200, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "活动模拟"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="RUNNING", finished_at__isnull=True)
                | (~Q(status="RUNNING") & Q(finished_at__isnull=False)),
                name="simulation_finished_exactly_when_over",
            ),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=90), name="simulation_days_possible"),
        ]

    def __str__(self) -> str:
        return f"模拟 {self.pk}"


class SimulationTally(models.Model):
    """Uses of a promotion within one run, as ``Tally`` counts those of true orders; gone when the run is over."""

    run = models.ForeignKey(
        SimulationRun,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="tallies",
        verbose_name="活动模拟",
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, db_index=False, related_name="+", verbose_name="会员"
    )
    day = models.DateField("日期", null=True)
    uses = models.PositiveIntegerField("次数")

    class Meta:
        verbose_name = verbose_name_plural = "模拟使用计数"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "member", "day"], nulls_distinct=False, name="simulation_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.uses}"
