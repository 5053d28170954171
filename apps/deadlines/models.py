"""By when each paid order leaves, the days and promises that decide it, and delays that were offered to shoppers."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least

from apps.catalog.models import Product, Sku
from apps.deadlines.states import DelayReason, DelayStatus, Outcome, Source
from apps.orders.models import Order, OrderLine


class DeadlineRules(models.Model):
    """How long what may take: one row, and where there is none these defaults."""

    promise_hours = models.PositiveSmallIntegerField(
        "常规发货时限（小时）", default=48, help_text="付款（成团）后多少小时内发货，休息日不计"
    )
    warn_hours = models.PositiveSmallIntegerField(
        "提前预警（小时）", default=12, help_text="距最早时限多少小时开始预警"
    )
    answer_hours = models.PositiveSmallIntegerField(
        "买家答复时限（小时）", default=24, help_text="告知无法按时发货后，买家多少小时内选择；逾期视为等待"
    )
    saturday_closed = models.BooleanField("周六休息", default=False)
    sunday_closed = models.BooleanField("周日休息", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "时限规则"

    def __str__(self) -> str:
        return "时限规则"


class ShopDay(models.Model):
    """A day on which the shop works otherwise than its week says: a holiday, or a Saturday that is worked."""

    day = models.DateField("日期", unique=True)
    closed = models.BooleanField("休息", default=True, help_text="不勾选表示照常发货（调休上班）")
    note = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "休息日"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'休息' if self.closed else '上班'}"


class Promise(models.Model):
    """By when a product, or one SKU of it, leaves, where that is not the ordinary time: so many hours, or by a day."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="商品"
    )
    sku = models.OneToOneField(
        Sku, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="规格"
    )
    hours = models.PositiveSmallIntegerField(
        "付款后（小时）", null=True, blank=True, help_text="休息日不计；与「最晚发货日」填一项"
    )
    ships_on = models.DateField(
        "最晚发货日", null=True, blank=True, help_text="当日结束前发出；过后下单的按常规时限"
    )

    class Meta:
        verbose_name = verbose_name_plural = "发货承诺"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, sku__isnull=True)
                | Q(product__isnull=True, sku__isnull=False),
                name="promise_of_product_or_sku",
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=1, ships_on__isnull=True)
                | Q(hours__isnull=True, ships_on__isnull=False),
                name="promise_in_hours_or_by_day",
            ),
        ]

    def __str__(self) -> str:
        return str(self.sku or self.product)


class Deadline(models.Model):
    """By when an order leaves. What was first promised is fixed when the order is paid and never changes.

    ``promised_at`` is what holds now (a delay may have moved it), ``limit_at`` is WeChat's own, which holidays do not
    move, None where WeChat collected nothing; ``due_at`` is the earlier of both. An instant is late at which it is due.
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="deadline", verbose_name="订单"
    )
    source = models.CharField("依据", max_length=10, choices=Source.choices)
    owed_at = models.DateTimeField("起算时间")
    first_promised_at = models.DateTimeField("最初承诺")
    promised_at = models.DateTimeField("承诺发货")
    limit_at = models.DateTimeField("微信时限", null=True)
    due_at = models.DateTimeField("最早时限")
    warned_at = models.DateTimeField("预警时间", null=True)
    # When WeChat complained that it was not sent (trade_manage_remind_shipping).
    reminded_at = models.DateTimeField("微信提醒时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "发货时限"
        permissions = [("export_deadline", "导出发货时限报表")]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at=Least(F("promised_at"), F("limit_at"))), name="deadline_due_at_the_earlier"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="deadline_ends_with_an_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(ended_at__isnull=True), name="deadline_burns_first"
            ),
            BrinIndex(fields=["owed_at"], autosummarize=True, name="deadline_owed_in"),
        ]

    def __str__(self) -> str:
        return self.order.order_no


class Delay(models.Model):
    """A promise that cannot be kept, offered to the shopper: to wait until a new day, other goods, or the money back."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="订单"
    )
    reason = models.CharField("原因", max_length=10, choices=DelayReason.choices)
    note = models.CharField("给买家的说明", max_length=100, blank=True)
    was_promised_at = models.DateTimeField("原承诺")
    promised_at = models.DateTimeField("新承诺")
    asked_at = models.DateTimeField("告知时间")
    answer_until = models.DateTimeField("答复截止")
    status = models.CharField("状态", max_length=8, choices=DelayStatus.choices, default=DelayStatus.ASKED)
    answered_at = models.DateTimeField("结束时间", null=True)
    refund_no = models.CharField("退款单号", max_length=32, blank=True, default="")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "延迟发货"
        ordering = ["-id"]
        permissions = [("offer_delay", "登记无法按时发货")]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status=DelayStatus.ASKED), name="delay_one_open_per_order"
            ),
            models.CheckConstraint(
                condition=Q(status=DelayStatus.ASKED, answered_at__isnull=True)
                | (~Q(status=DelayStatus.ASKED) & Q(answered_at__isnull=False)),
                name="delay_answered_at_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "-id"], name="delay_of_order"),
            models.Index(
                fields=["answer_until"], condition=Q(status=DelayStatus.ASKED), name="delay_unanswered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order.order_no} {self.get_status_display()}"


class DelayOffer(models.Model):
    """Goods that the shopper may take in the place of a line's that are late. Whole lines: as many units as were bought."""

    delay = models.ForeignKey(
        Delay, on_delete=models.PROTECT, related_name="offers", db_index=False, verbose_name="延迟发货"
    )
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+", verbose_name="订单商品")
    # As both were called when it was offered.
    was_title = models.CharField("原商品", max_length=80)
    was_option_text = models.CharField("原规格", max_length=120, blank=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="可换 SKU")
    title = models.CharField("可换商品", max_length=80)
    option_text = models.CharField("可换规格", max_length=120, blank=True)
    chosen = models.BooleanField("买家已选", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "延迟发货可换商品"
        ordering = ["id"]
        constraints = [
            # A SKU is offered for one line: two lines of an order never name the same goods.
            models.UniqueConstraint(fields=["delay", "sku"], name="delay_offer_once_per_sku"),
            models.UniqueConstraint(
                fields=["delay", "line"], condition=Q(chosen=True), name="delay_offer_one_chosen_per_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.was_title} → {self.title}"
