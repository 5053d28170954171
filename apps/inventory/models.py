"""How many there are in which place, how many are spoken for, and every change of either."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.catalog.models import Sku
from apps.inventory.states import EntryKind, HoldStatus
from apps.stores.models import Place


class Stock(models.Model):
    """One SKU in one place. ``on_hand`` lies on the shelf, ``held`` of it is promised to unpaid orders."""

    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, related_name="stocks", verbose_name="SKU", db_index=False
    )
    place = models.ForeignKey(Place, on_delete=models.PROTECT, verbose_name="仓库")
    on_hand = models.PositiveIntegerField("现货", default=0)
    held = models.PositiveIntegerField("占用", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "库存"
        ordering = ["sku", "place"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "place"], name="stock_once_per_place"),
            models.CheckConstraint(condition=Q(held__lte=F("on_hand")), name="stock_held_within_on_hand"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} · {self.place}"


class Hold(models.Model):
    """Units of a stock row that an order has taken: held, then committed or released, perhaps restored."""

    order_no = models.CharField("订单号", max_length=32)
    # No index of its own: nobody asks which orders hold a stock row, and no such row is ever deleted.
    stock = models.ForeignKey(Stock, on_delete=models.PROTECT, verbose_name="库存", db_index=False)
    quantity = models.PositiveIntegerField("数量")
    restored = models.PositiveIntegerField("已退回", default=0)
    status = models.CharField("状态", max_length=10, choices=HoldStatus.choices, default=HoldStatus.HELD)

    class Meta:
        verbose_name = verbose_name_plural = "库存占用"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order_no", "stock"], name="hold_once_per_order_and_stock"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="hold_quantity_positive"),
            models.CheckConstraint(
                condition=Q(restored__lte=F("quantity")), name="hold_restored_within_quantity"
            ),
            models.CheckConstraint(
                condition=Q(restored=0) | Q(status=HoldStatus.COMMITTED), name="hold_restored_after_commit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_no} × {self.quantity}"


class StockEntry(models.Model):
    """One change of a stock row. Append-only: on_hand = Σ on_hand_change, held = Σ held_change."""

    stock = models.ForeignKey(
        Stock, on_delete=models.PROTECT, related_name="entries", verbose_name="库存", db_index=False
    )
    kind = models.CharField("类型", max_length=10, choices=EntryKind.choices)
    on_hand_change = models.IntegerField("现货变化")
    held_change = models.IntegerField("占用变化")
    # What caused it, e.g. "SO…:hold": the same cause is never booked twice on one row.
    business_key = models.CharField("业务键", max_length=80)
    reason = models.CharField("原因", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人", db_index=False
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "库存流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["stock", "business_key"], name="stock_entry_once_per_cause")
        ]
        indexes = [finding.by_some("operator", name="stock_entry_by_operator")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on_hand_change:+d}/{self.held_change:+d}"
