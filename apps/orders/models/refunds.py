"""Parts of promises that were taken back: refunds of orders, and the units that they are of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.orders.models.orders import Order, OrderLine


class OrderRefund(models.Model):
    """A part of a promise that was taken back: so much money to each source, so many units. Append-only.

    Whether WeChat has carried its part out is said by the ``payments.Refund`` with this ``business_key``.
    """

    refund_no = models.CharField("售后退款单号", max_length=32)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds", verbose_name="订单")
    # Made with the page that asked for it: the same page sent twice refunds once.
    token = models.CharField("请求标识", max_length=64)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    reason = models.CharField("退款原因", max_length=80)
    goods_fen = FenField("退商品金额（分）")
    shipping_fen = FenField("退运费（分）")
    wechat_fen = FenField("退至微信（分）")
    balance_fen = FenField("退至储值（分）")
    units_unsent = models.PositiveIntegerField("未发出件数")
    units_sent = models.PositiveIntegerField("已发出件数")
    # Points that the order had spent came back; points that it had earned were taken, the short part as a debt.
    points_back = models.PositiveBigIntegerField("退回积分", default=0)
    points_taken = models.PositiveBigIntegerField("扣回积分", default=0)
    points_short = models.PositiveBigIntegerField("记为欠积分", default=0)
    growth_taken = models.PositiveIntegerField("扣回成长值", default=0)
    coupons_revoked = models.PositiveIntegerField("收回赠券", default=0)
    # Public ids of gift coupons that another order holds or has used: they could not be taken back at once.
    coupons_spent = models.JSONField("已使用的赠券", default=list)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "售后退款"
        ordering = ["-id"]
        constraints = [
            finding.once("refund_no", name="order_refund_no_once"),
            models.UniqueConstraint(fields=["token"], name="order_refund_once_per_token"),
            models.CheckConstraint(
                condition=Q(wechat_fen=F("goods_fen") + F("shipping_fen") - F("balance_fen")),
                name="order_refund_sum_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, shipping_fen__gte=0, wechat_fen__gte=0, balance_fen__gte=0),
                name="order_refund_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(units_unsent__gte=1)
                | Q(units_sent__gte=1)
                | Q(goods_fen__gte=1)
                | Q(shipping_fen__gte=1),
                name="order_refund_of_something",
            ),
            models.CheckConstraint(
                condition=Q(points_short__lte=F("points_taken")), name="order_refund_short_of_what_was_taken"
            ),
        ]
        indexes = [models.Index(fields=["at"], name="order_refund_since")]

    def __str__(self) -> str:
        return self.refund_no

    @property
    def amount_fen(self) -> int:
        """What went back in all."""
        return self.goods_fen + self.shipping_fen


class OrderRefundLine(models.Model):
    """Units of an order line in a refund: how many of them had left the shop, how many went back on the shelf.

    No units is money alone: the price of what the buyer keeps fell afterwards. Append-only. What had not left goes
    back on the shelf always.
    """

    refund = models.ForeignKey(
        OrderRefund, on_delete=models.PROTECT, related_name="lines", verbose_name="售后退款", db_index=False
    )
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="refund_lines", verbose_name="订单商品"
    )
    units = models.PositiveIntegerField("件数")
    units_sent = models.PositiveIntegerField("其中已发出")
    restocked = models.PositiveIntegerField("退回库存")
    amount_fen = FenField("金额（分）")
    # What the units were worth beyond that, and the buyer did not ask for: it goes to nobody else.
    waived_fen = FenField("未退差额（分）", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "售后退款商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "order_line"], name="order_refund_line_once"),
            models.CheckConstraint(
                condition=Q(units_sent__lte=F("units")) & (Q(units__gte=1) | Q(amount_fen__gte=1)),
                name="order_refund_line_of_something",
            ),
            models.CheckConstraint(
                condition=Q(restocked__lte=F("units"), restocked__gte=F("units") - F("units_sent")),
                name="order_refund_line_unsent_restocked",
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0, waived_fen__gte=0), name="order_refund_line_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.units}"
