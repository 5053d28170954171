"""What happened to orders: the moves they made, goods that took the place of others, addresses that were corrected."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.catalog.models import Sku
from apps.orders.models.orders import Order, OrderLine


class OrderMove(models.Model):
    """One move of an order: who, when, from where to where. Append-only."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="history", verbose_name="订单")
    move = models.CharField("动作", max_length=20)
    from_status = models.CharField("原状态", max_length=10, blank=True)
    to_status = models.CharField("新状态", max_length=10)
    # "member", "system", "wechat" or "operator"; the operator beside it.
    actor = models.CharField("操作方", max_length=10)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人", db_index=False
    )
    note = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "订单历史"
        ordering = ["id"]
        indexes = [finding.by_some("operator", name="order_move_by_operator")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.move}"


class LineSwap(models.Model):
    """A line's goods before others took their place, which the line now names. Append-only; the price never moves."""

    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="swaps", verbose_name="订单商品", db_index=False
    )
    # What made it once, e.g. "delay:7".
    cause = models.CharField("原因", max_length=39)
    was_sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="原 SKU")
    was_title = models.CharField("原商品", max_length=80)
    was_option_text = models.CharField("原规格", max_length=120, blank=True)
    was_cost_fen = FenField("原单件成本（分）", null=True)
    now_sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="换成")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "订单换货"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "cause"], name="line_swap_once_per_cause"),
            models.CheckConstraint(condition=~Q(was_sku=F("now_sku")), name="line_swap_for_another_sku"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.was_sku_id} → {self.now_sku_id}"


class AddressChange(models.Model):
    """An order's address, put right by an operator before anything left: what it was, what it became, and why.

    Both are emptied with the order's own (orders.personal).
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="address_changes", verbose_name="订单"
    )
    before = models.JSONField("原收货地址")
    after = models.JSONField("新收货地址")
    reason = models.CharField("原因", max_length=100)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "收货信息修改"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.at:%Y-%m-%d %H:%M}"
