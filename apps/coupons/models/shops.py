"""Coupons used in shops: the pass that a member shows, the use, and how often an operator mistyped one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.coupons.models.coupons import Coupon
from apps.stores.models import Place


class StoreUse(models.Model):
    """A coupon that was used at a shop's till, and perhaps undone. What the till took is ``goods - off``."""

    use_no = models.CharField("核销单号", max_length=32, unique=True)
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, related_name="store_uses", db_index=False, verbose_name="券号"
    )
    place = models.ForeignKey(Place, on_delete=models.PROTECT, verbose_name="门店")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="核销人"
    )
    goods_fen = FenField("商品金额（分）")
    off_fen = FenField("优惠（分）")
    receipt_no = models.CharField("小票号", max_length=40, blank=True)
    at = models.DateTimeField("核销时间")
    undone_at = models.DateTimeField("撤销时间", null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="撤销人",
    )
    undone_why = models.CharField("撤销原因", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "门店核销"
        ordering = ["-id"]
        permissions = [("undo_storeuse", "撤销核销"), ("export_storeuse", "导出核销记录")]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(undone_at__isnull=True), name="store_use_one_live_per_coupon"
            ),
            models.CheckConstraint(
                condition=Q(off_fen__gte=1, off_fen__lte=F("goods_fen")), name="store_use_off_within_goods"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_why="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_why="")),
                name="store_use_undone_by_somebody_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="store_use_at"),
            models.Index(fields=["coupon"], name="store_use_of_coupon"),
        ]

    def __str__(self) -> str:
        return self.use_no

    @property
    def due_fen(self) -> int:
        """What the till took for these goods."""
        return self.goods_fen - self.off_fen


class StorePass(models.Model):
    """The short code by which a shop finds a member's coupon for some minutes; the next one replaces it."""

    coupon = models.OneToOneField(
        Coupon, on_delete=models.CASCADE, primary_key=True, related_name="store_pass", verbose_name="优惠券"
    )
    code = models.CharField("券码", max_length=12)
    expires_at = models.DateTimeField("失效时间", db_index=True)
    # What it was used for, so that the same confirmation sent twice is answered twice and counts once.
    use = models.ForeignKey(
        StoreUse, on_delete=models.CASCADE, null=True, db_index=False, verbose_name="核销"
    )

    class Meta:
        verbose_name = verbose_name_plural = "门店券码"
        constraints = [models.UniqueConstraint(fields=["code"], name="store_pass_code_once")]

    def __str__(self) -> str:
        return f"{self.coupon_id}"


class PassTries(models.Model):
    """How many wrong passes an operator has typed in the present hour."""

    operator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, verbose_name="操作人"
    )
    since = models.DateTimeField("计数开始")
    wrong = models.PositiveIntegerField("错误次数")

    class Meta:
        verbose_name = verbose_name_plural = "券码错误次数"

    def __str__(self) -> str:
        return f"{self.operator_id}: {self.wrong}"
