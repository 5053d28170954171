"""What a member is thinking of buying. Prices are never kept here: a cart is priced at every read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.catalog.models import Sku
from apps.members.models import Member


class CartItem(models.Model):
    """One SKU in one member's cart."""

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="cart_items", verbose_name="会员"
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
