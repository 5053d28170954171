"""Timed offers to everyone: member prices, 满减, discounts, free postage. A row becomes one offer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import Brand, Category, Product, Sku
from apps.members.models import Level


class LevelPrice(models.Model):
    """A price of its own for one SKU and one member level; it goes before the level's discount."""

    level = models.ForeignKey(Level, on_delete=models.CASCADE, verbose_name="会员等级")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="level_prices", verbose_name="SKU")
    price_fen = FenField("会员价（分）")

    class Meta:
        verbose_name = verbose_name_plural = "会员价"
        constraints = [models.UniqueConstraint(fields=["level", "sku"], name="level_price_once_per_sku")]

    def __str__(self) -> str:
        return f"{self.level_id}/{self.sku_id}"


class Promotion(models.Model):
    """One timed offer. What the kind does not use stays empty; the form explains what it refuses."""

    class Kind(models.TextChoices):
        STEPPED = "STEPPED", "满减"
        PERCENT = "PERCENT", "折扣"
        FREE_POSTAGE = "FREE_POSTAGE", "满额包邮"

    class Scope(models.TextChoices):
        ALL = "ALL", "全部商品"
        PRODUCTS = "PRODUCTS", "指定商品"
        CATEGORIES = "CATEGORIES", "指定类目"
        BRANDS = "BRANDS", "指定品牌"

    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    label = models.CharField("名称", max_length=30, help_text="买家会看到，例如「春茶节满减」")
    enabled = models.BooleanField("启用", default=True)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    scope = models.CharField("适用范围", max_length=12, choices=Scope.choices, default=Scope.ALL)
    products = models.ManyToManyField(Product, blank=True, verbose_name="商品")
    categories = models.ManyToManyField(Category, blank=True, verbose_name="类目")
    brands = models.ManyToManyField(Brand, blank=True, verbose_name="品牌")
    # 满减: [[threshold_fen or pieces, off_fen], …] rising.
    by_pieces = models.BooleanField("按件数", default=False)
    steps = models.JSONField("满减阶梯", default=list, blank=True)
    off_bp = models.PositiveIntegerField(
        "减免（万分比）", null=True, blank=True, help_text="1500 表示减 15%（八五折）"
    )
    cap_fen = FenField("最多减（分）", null=True, blank=True)
    threshold_fen = FenField("门槛（分）", null=True, blank=True)
    regions = models.JSONField("包邮地区", default=list, blank=True, help_text="留空表示全国")
    combines = models.BooleanField("可与其他层优惠叠加", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "促销活动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="promotion_window_forward"),
            models.CheckConstraint(
                condition=Q(off_bp__isnull=True) | Q(off_bp__gte=1, off_bp__lte=10_000),
                name="promotion_percent_possible",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"], condition=Q(enabled=True), name="promotion_live")
        ]

    def __str__(self) -> str:
        return self.label
