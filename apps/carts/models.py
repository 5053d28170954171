"""What a member is thinking of buying: the cart, favourites, and sold-out SKUs that are waited for.

A cart keeps no prices: it is priced at every read. A favourite keeps one, to tell when it has fallen.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import Product, Sku
from apps.members.models import Member


class CartItem(models.Model):
    """One SKU in one member's cart."""

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="cart_items", verbose_name="会员", db_index=False
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, verbose_name="SKU")
    quantity = models.PositiveIntegerField("数量")
    selected = models.BooleanField("选中", default=True)
    added_at = models.DateTimeField("加入时间")

    class Meta:
        verbose_name = verbose_name_plural = "购物车商品"
        ordering = ["-added_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "sku"], name="cart_sku_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="cart_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.sku_id} × {self.quantity}"


class WishRules(models.Model):
    """The one row of rules by which members are told of favourites and of what is back."""

    drop_bp = models.PositiveIntegerField(
        "降价达到（万分比）",
        default=500,
        validators=[MinValueValidator(100), MaxValueValidator(9_000)],
        help_text="收藏的商品至少降这么多才提醒，每次降价提醒一次",
    )
    told_per_unit = models.PositiveIntegerField(
        "每件库存提醒人数",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
        help_text="到货 3 件、每件 5 人，先提醒最早登记的 15 人",
    )
    pause_minutes = models.PositiveIntegerField(
        "下一批间隔（分钟）",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text="一批提醒过后仍有库存，隔这么久再提醒下一批",
    )

    class Meta:
        verbose_name = verbose_name_plural = "收藏与到货提醒规则"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="wish_rules_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class Favorite(models.Model):
    """A product that a member likes, and what it cost when it was put there (the lowest price of its SKUs).

    ``mark_fen`` is the price from which a fall is measured: that of then, what it fell to once that was told, and up again
    with the price, never above that of then. ``falls`` counts those that were told.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="favorites", db_index=False, verbose_name="会员"
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False, verbose_name="商品")
    price_fen = FenField("收藏时价格（分）")
    mark_fen = FenField("比较价格（分）")
    falls = models.PositiveIntegerField("已提醒次数", default=0, db_default=0)
    fell_at = models.DateTimeField("最近提醒", null=True)
    added_at = models.DateTimeField("收藏时间")

    class Meta:
        verbose_name = verbose_name_plural = "收藏"
        ordering = ["-added_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "product"], name="favorite_once"),
            models.CheckConstraint(
                condition=Q(mark_fen__lte=F("price_fen")), name="favorite_mark_at_most_its_price"
            ),
        ]
        indexes = [
            # A member's list.
            models.Index(fields=["member", "-added_at", "-id"], name="favorite_of_member"),
            # Whose price has fallen, product by product.
            models.Index(fields=["product", "mark_fen"], name="favorite_by_mark"),
            # Whose mark may rise again.
            models.Index(
                fields=["product", "mark_fen"],
                condition=Q(mark_fen__lt=F("price_fen")),
                name="favorite_fallen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.product}"


class StockWish(models.Model):
    """A member waits for a SKU that was sold out: until they are told, take it back, or half a year has passed.

    ``rounds`` counts how often it was told: what was sold out again before the message went is waited for again.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="stock_wishes", db_index=False, verbose_name="会员"
    )
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, db_index=False, verbose_name="SKU")
    asked_at = models.DateTimeField("登记时间")
    told_at = models.DateTimeField("提醒时间", null=True)
    rounds = models.PositiveIntegerField("提醒次数", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "到货提醒"
        ordering = ["-asked_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["member", "sku"], name="stock_wish_once")]
        indexes = [
            # Who waits for what, the longest first.
            models.Index(
                fields=["sku", "asked_at", "id"], condition=Q(told_at__isnull=True), name="stock_wish_waiting"
            ),
            # When the last batch of a SKU was told.
            models.Index(
                fields=["sku", "-told_at"], condition=Q(told_at__isnull=False), name="stock_wish_told_of_sku"
            ),
            models.Index(
                fields=["told_at"], condition=Q(told_at__isnull=False), name="stock_wish_by_told_at"
            ),
            models.Index(fields=["asked_at"], name="stock_wish_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.sku}"
