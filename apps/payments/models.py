"""Money in and out: one row per attempt to pay a bill, one per refund, and every notification as it came."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform

from apps.base import finding, private
from apps.base.fields import FenField
from apps.orders.models import Order
from apps.payments.states import (
    ARRIVED,
    NOT_GOING,
    Origin,
    PaymentStatus,
    RefundStatus,
    SentTo,
    SurplusReason,
)


class Payment(models.Model):
    """One attempt to pay a bill: what WeChat is asked to collect. ``payment_no`` is WeChat's out_trade_no.

    A bill is known by its kind and number (``checkout/bills`` prints the kinds): what it is for may live on this
    storey or above. ``order`` is set where the bill is one of an order's, of which there may be several.
    """

    payment_no = models.CharField("支付单号", max_length=32)
    bill_kind = models.CharField("账单类型", max_length=20, db_default="")
    bill_no = models.CharField("账单号", max_length=32, db_default="")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="payments", null=True, verbose_name="订单"
    )
    status = models.CharField(
        "状态", max_length=10, choices=PaymentStatus.choices, default=PaymentStatus.OPEN
    )
    amount_fen = FenField("金额（分）")
    prepay_id = models.CharField("预支付号", max_length=80, blank=True)
    transaction_id = models.CharField("微信支付单号", max_length=40, null=True)  # noqa: DJ001
    captured_fen = FenField("实收（分）", default=0)
    refunded_fen = FenField("已退（分）", default=0)
    # Money that nothing can use: paid late, twice, or a wrong amount. It goes back whole.
    is_surplus = models.BooleanField("异常收款", default=False)
    surplus_reason = models.CharField("异常原因", max_length=40, choices=SurplusReason.choices, blank=True)
    started_at = models.DateTimeField("发起时间")
    expires_at = models.DateTimeField("失效时间")
    # When the shopper pressed "pay" last: WeChat is asked most often in the minutes after it.
    pressed_at = models.DateTimeField("最近点击支付", null=True)
    # When a refund of it was submitted last: WeChat wants them a minute apart.
    refund_sent_at = models.DateTimeField("最近提交退款", null=True)
    queried_at = models.DateTimeField("最近查询", null=True)
    captured_at = models.DateTimeField("收款时间", null=True)
    closed_at = models.DateTimeField("关闭时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付单"
        ordering = ["-id"]
        constraints = [
            finding.once("payment_no", name="payment_no_once"),
            finding.once("transaction_id", name="payment_transaction_once"),
            models.CheckConstraint(
                condition=Q(
                    captured_at__isnull=False, transaction_id__isnull=False, status=PaymentStatus.CAPTURED
                )
                | (
                    Q(captured_at__isnull=True, transaction_id__isnull=True)
                    & ~Q(status=PaymentStatus.CAPTURED)
                ),
                name="payment_captured_with_transaction",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__lte=F("captured_fen")), name="payment_refunded_within_captured"
            ),
            models.CheckConstraint(
                condition=~Q(bill_kind="") & ~Q(bill_no=""), name="payment_names_its_bill"
            ),
            models.UniqueConstraint(
                fields=["bill_kind", "bill_no"],
                condition=Q(status=PaymentStatus.OPEN),
                name="payment_one_open_per_bill",
            ),
            models.UniqueConstraint(
                fields=["bill_kind", "bill_no"],
                condition=Q(status=PaymentStatus.CAPTURED, is_surplus=False),
                name="payment_one_for_bill",
            ),
            models.CheckConstraint(
                condition=(Q(is_surplus=True, status=PaymentStatus.CAPTURED) & ~Q(surplus_reason=""))
                | Q(is_surplus=False, surplus_reason=""),
                name="payment_surplus_is_captured_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["started_at"], condition=Q(status=PaymentStatus.OPEN), name="payment_open_since"
            ),
            models.Index(
                fields=["closed_at"], condition=Q(status=PaymentStatus.CLOSED), name="payment_closed_since"
            ),
            models.Index(fields=["bill_no", "bill_kind"], name="payment_of_bill"),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["captured_at"], autosummarize=True, name="payment_captured_in"),
        ]

    def __str__(self) -> str:
        return self.payment_no


class Refund(models.Model):
    """Money going back for one payment. ``refund_no`` is committed before WeChat is called, and never changes.

    What was refunded in WeChat's merchant console is a row, too, under the number that WeChat names: ``origin`` tells it
    apart. ``settled_at`` is when the payer had the money, ``at_shop_at`` when WeChat had sent it to the shop's account.
    """

    refund_no = models.CharField("退款单号", max_length=64)
    origin = models.CharField(
        "来源", max_length=10, choices=Origin.choices, default=Origin.SHOP, db_default=Origin.SHOP
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name="支付单"
    )
    status = models.CharField(
        "状态", max_length=12, choices=RefundStatus.choices, default=RefundStatus.REQUESTED
    )
    amount_fen = FenField("金额（分）")
    reason = models.CharField("原因", max_length=80)
    # What it is for, e.g. "surplus:PY…": the same cause never gets a second refund. Where an order was paid in
    # several payments, one cause may go back in parts, each from another payment.
    business_key = models.CharField("业务键", max_length=80)
    part = models.PositiveSmallIntegerField("部分", default=1, db_default=1)
    wechat_refund_id = models.CharField("微信退款单号", max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField("处理次数", default=0)
    due_at = models.DateTimeField("下次处理")
    last_error = models.CharField("最近错误", max_length=300, blank=True)
    # Since when the merchant's balance does not suffice for it (NOT_ENOUGH).
    short_at = models.DateTimeField("余额不足时间", null=True)
    # Since when WeChat calls it ABNORMAL: the payer's account cannot take it.
    abnormal_at = models.DateTimeField("异常时间", null=True)
    # Where WeChat was asked to send an abnormal one; written before WeChat is asked.
    sent_to = models.CharField(
        "异常退款到", max_length=20, choices=SentTo.choices, blank=True, default="", db_default=""
    )
    at_shop_at = models.DateTimeField("退回商户时间", null=True)
    requested_at = models.DateTimeField("发起时间")
    settled_at = models.DateTimeField("到账时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "退款单"
        ordering = ["-id"]
        constraints = [
            finding.once("refund_no", name="refund_no_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="refund_amount_positive"),
            models.UniqueConstraint(fields=["business_key", "part"], name="refund_once_per_cause"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=False, status__in=sorted(ARRIVED))
                | (Q(settled_at__isnull=True) & ~Q(status__in=sorted(ARRIVED))),
                name="refund_settled_at_exactly_when_arrived",
            ),
            models.CheckConstraint(
                condition=~Q(status=RefundStatus.AT_SHOP) | Q(at_shop_at__isnull=False),
                name="refund_at_shop_since_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=[RefundStatus.REQUESTED, RefundStatus.PROCESSING]),
                name="refund_due",
            ),
            models.Index(
                fields=["at_shop_at"], condition=Q(at_shop_at__isnull=False), name="refund_at_shop_in"
            ),
            # All but what WeChat is paying out or has paid: among it is what every page of the admin counts.
            models.Index(
                fields=["status", "-id"], condition=Q(status__in=NOT_GOING), name="refund_not_going"
            ),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["settled_at"], autosummarize=True, name="refund_settled_in"),
        ]

    def __str__(self) -> str:
        return self.refund_no


class RefundStep(models.Model):
    """Something that happened to a refund. Append-only."""

    class Step(models.TextChoices):
        """What happened."""

        REQUEST = "REQUEST", "发起退款"
        PUT_OFF = "PUT_OFF", "微信暂未受理，稍后重试"
        SUBMIT = "SUBMIT", "微信已受理"
        SETTLE = "SETTLE", "已到账"
        FAIL = "FAIL", "退款失败"
        ABNORMAL = "ABNORMAL", "退款异常"
        CLOSE = "CLOSE", "微信已关闭"
        RETRY = "RETRY", "重新提交"
        REAPPLY = "REAPPLY", "申请异常退款"
        AT_SHOP = "AT_SHOP", "已退回商户"
        END = "END", "结案"

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="steps", verbose_name="退款单")
    step = models.CharField("动作", max_length=10, choices=Step.choices)
    status = models.CharField("状态", max_length=12, choices=RefundStatus.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "退款经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.refund_id}: {self.step}"


class RefundEnding(models.Model):
    """An end for a refund that WeChat will not carry out: asked for with its proof by one person, answered by another."""

    class Way(models.TextChoices):
        """What became of the money."""

        PAID_OUTSIDE = "PAID_OUTSIDE", "已线下退款给买家"
        WRITTEN_BACK = "WRITTEN_BACK", "冲回，不再退款"

    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, related_name="endings", verbose_name="退款单"
    )
    way = models.CharField("结案方式", max_length=12, choices=Way.choices)
    # How the money went (a bank's or WeChat's transfer number, the day), or why it stays.
    proof = models.CharField("凭证或原因", max_length=300)
    # A picture or PDF of the transfer: seen by whoever may end refunds, and by nobody else.
    proof_file = models.FileField(
        "凭证文件",
        upload_to="refund-proofs",
        storage=private.files,
        max_length=200,
        blank=True,
        db_default="",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, verbose_name="复核人"
    )
    answered_at = models.DateTimeField("复核时间", null=True)
    granted = models.BooleanField("是否同意", null=True)

    class Meta:
        permissions = [
            ("end_paid_outside", "退款结案：已线下退款"),
            ("end_written_back", "退款结案：冲回不退"),
        ]
        verbose_name = verbose_name_plural = "退款结案"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(proof=""), name="refund_ending_has_proof"),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("asked_by")),
                name="refund_ending_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, granted__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False, granted__isnull=False),
                name="refund_ending_answered_whole",
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(answered_at__isnull=True), name="refund_ending_one_open"
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(granted=True), name="refund_ending_one_granted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}: {self.way}"


class Notification(models.Model):
    """A verified notification of WeChat Pay, stored before anything is done with it.

    ``resource`` is the decrypted content without what names the payer.
    """

    notify_id = models.CharField("通知编号", max_length=128)
    event_type = models.CharField("类型", max_length=64)
    resource = models.JSONField("内容")
    received_at = models.DateTimeField("收到时间", db_index=True)
    handled_at = models.DateTimeField("处理时间", null=True)
    attempts = models.PositiveSmallIntegerField("处理次数", default=0)
    # When the sweep takes it up; null once handled, given up, or about nothing that the shop does yet.
    due_at = models.DateTimeField("下次处理", null=True)
    last_error = models.CharField("最近错误", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付通知"
        ordering = ["-id"]
        constraints = [
            finding.once("notify_id", name="notification_once"),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=True) | Q(due_at__isnull=True),
                name="notification_not_due_when_handled",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="notification_due"),
            # News of a refund is found by its number; that of payments pays nothing for it.
            models.Index(
                KeyTextTransform("out_refund_no", "resource"),
                condition=Q(event_type__startswith="REFUND."),
                name="notification_of_refund",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.notify_id}"
