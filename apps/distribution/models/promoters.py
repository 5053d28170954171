"""Who promotes, at which level, by which rules; what the shop lends them to do it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import Category, Product
from apps.distribution.states import BindingMode, PromoterStatus
from apps.members.models import Member
from apps.pictures.fields import PictureField

_RATE_HELP = "万分比：1000 表示 10%"


class Rules(models.Model):
    """The one row of how promoters join, bind, earn and are paid. Where nobody saved it, its defaults hold."""

    first_bp = models.PositiveIntegerField("一级佣金", default=1_000, help_text=_RATE_HELP)
    second_bp = models.PositiveIntegerField("二级佣金", default=500, help_text=_RATE_HELP)
    ceiling_bp = models.PositiveIntegerField(
        "佣金上限", default=3_000, help_text="一级与二级合计不得超过，万分比：3000 表示 30%"
    )
    freeze_days = models.PositiveIntegerField(
        "冻结天数", default=15, help_text="买家收货后多少天可提现，应不短于售后期；0 表示收货即可提现"
    )
    joining = models.BooleanField("开放申请", default=True)
    needs_review = models.BooleanField("申请需要审核", default=True, help_text="不勾选则申请后立即成为推客")
    join_by_spending_fen = FenField(
        "消费满额自动成为推客（分）", null=True, blank=True, help_text="留空表示不自动"
    )
    binding_mode = models.CharField(
        "绑定方式", max_length=5, choices=BindingMode.choices, default=BindingMode.FIRST
    )
    valid_days = models.PositiveIntegerField(
        "绑定有效天数", default=365, help_text="到期后可以被其他推客绑定；0 表示一直有效"
    )
    protect_days = models.PositiveIntegerField(
        "保护天数", default=15, help_text="抢客保护：绑定后多少天内不会被其他推客改绑"
    )
    newcomers_only = models.BooleanField(
        "只绑定新客", default=False, help_text="勾选则只绑定从未付过款的会员"
    )
    withdraw_min_fen = FenField("最低提现金额（分）", default=100)
    withdraw_max_per_day = models.PositiveIntegerField("每天最多提现次数", default=3)
    review_above_fen = FenField("超过此金额须审核（分）", default=20_000)
    second_person_above_fen = FenField("超过此金额须第二人复核（分）", default=100_000)
    watermark = models.CharField(
        "素材水印",
        max_length=20,
        blank=True,
        help_text="印在推广素材图片的右下角，例如店铺名；留空不印。修改后对新上传的图片生效",
    )

    class Meta:
        verbose_name = verbose_name_plural = "推客规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1), name="promoter_rules_one_row", violation_error_message="推客规则只有一条"
            ),
            models.CheckConstraint(
                condition=Q(ceiling_bp__lte=10_000) & Q(ceiling_bp__gte=F("first_bp") + F("second_bp")),
                name="promoter_rates_within_ceiling",
                violation_error_message="一级与二级佣金合计不得超过佣金上限，上限最多为全额",
            ),
            models.CheckConstraint(
                condition=Q(second_person_above_fen__gte=F("review_above_fen")),
                name="promoter_second_person_above_first",
                violation_error_message="第二人复核的金额不能低于审核的金额",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class PromoterLevel(models.Model):
    """A level of promoters: what lifts one to it, and what it earns where goods have no rate of their own."""

    name = models.CharField("等级名称", max_length=20, unique=True)
    rank = models.PositiveSmallIntegerField("序号", unique=True, help_text="数字越大等级越高")
    min_orders = models.PositiveIntegerField("所需推广订单数", default=0)
    min_amount_fen = FenField("所需推广金额（分）", default=0)
    min_team = models.PositiveIntegerField("所需团队人数", default=0, help_text="直接邀请的会员数")
    first_bp = models.PositiveIntegerField("一级佣金", null=True, blank=True, help_text="留空按推客规则")
    second_bp = models.PositiveIntegerField("二级佣金", null=True, blank=True, help_text="留空按推客规则")

    class Meta:
        verbose_name = verbose_name_plural = "推客等级"
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_bp__isnull=True) | Q(first_bp__lte=10_000), name="promoter_level_first_rate"
            ),
            models.CheckConstraint(
                condition=Q(second_bp__isnull=True) | Q(second_bp__lte=10_000),
                name="promoter_level_second_rate",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_conditions(self) -> bool:
        """Whether promoters rise to it by themselves; otherwise operators appoint to it."""
        return bool(self.min_orders or self.min_amount_fen or self.min_team)


class Promoter(models.Model):
    """A member who promotes. The status is written by ``promoters.move`` only."""

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, related_name="promoter", verbose_name="会员"
    )
    code = models.CharField("推广码", max_length=12, unique=True)
    status = models.CharField(
        "状态", max_length=10, choices=PromoterStatus.choices, default=PromoterStatus.PENDING
    )
    level = models.ForeignKey(
        PromoterLevel, on_delete=models.PROTECT, null=True, blank=True, verbose_name="等级"
    )
    # Set by hand: the sweep lifts nobody below it, and lowers nobody.
    level_at = models.DateTimeField("等级生效", null=True)
    # When its level is looked at next.
    level_due_at = models.DateTimeField("下次评级", null=True)
    applied_at = models.DateTimeField("申请时间")
    active_at = models.DateTimeField("成为推客", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "推客"
        ordering = ["-id"]
        permissions = [("appoint_promoter", "任命、审核与停用推客"), ("bind_promoter", "人工绑定与解绑客户")]
        indexes = [
            models.Index(fields=["status", "-id"], name="promoter_by_status"),
            models.Index(
                fields=["level_due_at"], condition=Q(level_due_at__isnull=False), name="promoter_level_due"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["ACTIVE", "SUSPENDED"]) | Q(active_at__isnull=False),
                name="promoter_active_since",
            )
        ]

    def __str__(self) -> str:
        return str(self.member)


class PromoterMove(models.Model):
    """One move of a promoter: who, when, from where to where. Append-only."""

    promoter = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, related_name="history", verbose_name="推客"
    )
    move = models.CharField("动作", max_length=10)
    from_status = models.CharField("原状态", max_length=10, choices=PromoterStatus.choices, blank=True)
    to_status = models.CharField("新状态", max_length=10, choices=PromoterStatus.choices)
    note = models.CharField("说明", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "推客历史"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.promoter_id}: {self.move}"


class RateRule(models.Model):
    """What is paid for a product, or for the goods of a category, perhaps to promoters of one level only."""

    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="商品",
        db_index=False,
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类目"
    )
    level = models.ForeignKey(
        PromoterLevel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name="推客等级",
        help_text="留空表示所有等级",
    )
    first_bp = models.PositiveIntegerField("一级佣金", help_text=_RATE_HELP)
    second_bp = models.PositiveIntegerField("二级佣金", help_text=_RATE_HELP)

    class Meta:
        verbose_name = verbose_name_plural = "佣金比例"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "category", "level"],
                nulls_distinct=False,
                name="commission_rate_once",
                violation_error_message="同一商品（或类目）对同一等级只能有一条比例",
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, category__isnull=True)
                | Q(product__isnull=True, category__isnull=False),
                name="commission_rate_of_goods",
                violation_error_message="请选择商品或类目中的一项",
            ),
            models.CheckConstraint(
                condition=Q(first_bp__lte=10_000, second_bp__lte=10_000 - F("first_bp")),
                name="commission_rate_within_whole",
                violation_error_message="一级与二级合计不得超过全额",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product or self.category}"


class Material(models.Model):
    """A text and a picture that promoters may take, for one product or for the shop."""

    title = models.CharField("标题", max_length=30)
    body = models.TextField("文案", max_length=500)
    picture = PictureField("图片", upload_to="materials/", blank=True)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="商品"
    )
    position = models.PositiveIntegerField("排序", default=0, help_text="数字小的排在前面")
    enabled = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "推广素材"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title
