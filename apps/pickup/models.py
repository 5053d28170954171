"""Pickups: which order lies where until when, by which code it is fetched; slots, and the orders that have a seat in one."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.orders.models import Order
from apps.pickup.states import OPEN, PickupStatus, SlotKind
from apps.stores.models import Place


class Pickup(models.Model):
    """A paid order that its buyer fetches. ``services.moving`` alone writes the status.

    The code is kept twice, neither of which tells it without the shop's secret key: as a keyed digest, by which a
    counter finds it, and sealed, so that its buyer can be shown it. The seal is gone when the pickup is over.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="pickup", verbose_name="订单")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, verbose_name="门店", db_index=False)
    status = models.CharField(
        "状态", max_length=8, choices=PickupStatus.choices, default=PickupStatus.WAITING
    )
    code_hash = models.CharField("取货码摘要", max_length=64, editable=False)
    code_sealed = models.CharField("取货码密文", max_length=80, blank=True, editable=False)
    created_at = models.DateTimeField("付款时间")
    ready_at = models.DateTimeField("备好时间", null=True)
    # After this moment it goes back on the shelf and the money to its buyer.
    fetch_by = models.DateTimeField("最晚取货", null=True)
    fetched_at = models.DateTimeField("取货时间", null=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="交付人",
    )

    # The application after the sale that is open: the goods are not handed over before it is decided.
    asked_back = models.CharField("处理中的售后单", max_length=32, blank=True, default="", db_default="")

    class Meta:
        verbose_name = verbose_name_plural = "自提单"
        ordering = ["-id"]
        permissions = [("prepare_pickup", "备货完成"), ("hand_over_pickup", "核销取货")]
        constraints = [
            models.UniqueConstraint(
                fields=["code_hash"], condition=Q(status__in=OPEN), name="pickup_code_once_while_open"
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN) | Q(code_sealed=""), name="pickup_seal_gone_when_over"
            ),
            models.CheckConstraint(
                condition=~Q(status=PickupStatus.READY) | Q(ready_at__isnull=False, fetch_by__isnull=False),
                name="pickup_ready_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(status=PickupStatus.FETCHED, fetched_at__isnull=False)
                | (Q(fetched_at__isnull=True) & ~Q(status=PickupStatus.FETCHED)),
                name="pickup_fetched_at_exactly_when_fetched",
            ),
        ]
        indexes = [
            models.Index(fields=["fetch_by"], condition=Q(status=PickupStatus.READY), name="pickup_overdue"),
            models.Index(fields=["code_hash"], name="pickup_by_code"),
            models.Index(fields=["place", "status", "-id"], name="pickup_of_place"),
        ]

    def __str__(self) -> str:
        return str(self.order)


class PickupTries(models.Model):
    """How many wrong codes an operator has typed in the present hour."""

    operator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, verbose_name="操作人"
    )
    since = models.DateTimeField("计数开始")
    wrong = models.PositiveIntegerField("错误次数")

    class Meta:
        verbose_name = verbose_name_plural = "取货码错误次数"

    def __str__(self) -> str:
        return f"{self.operator_id}: {self.wrong}"


class SlotTemplate(models.Model):
    """Times of the week in which a shop's riders come, or in which orders are fetched: so many orders each time.

    A time is ``[starts_at, ends_at)`` of a Shanghai day, and taken until ``order_before_min`` minutes before it begins.
    Two that are on do not overlap at one place for one use. What an order agreed on is its copy: a later change of the row
    moves nobody.
    """

    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    kind = models.CharField("用途", max_length=6, choices=SlotKind.choices, default=SlotKind.CITY)
    # 1 is Monday, 7 Sunday.
    weekdays = models.JSONField("每周", default=list)
    starts_at = models.TimeField("开始")
    ends_at = models.TimeField("结束")
    capacity = models.PositiveSmallIntegerField(
        "可约单数", default=10, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    order_before_min = models.PositiveSmallIntegerField(
        "提前下单（分钟）",
        default=60,
        validators=[MaxValueValidator(10_080)],
        help_text="开始前多少分钟截止下单",
    )
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "时段"
        ordering = ["place_id", "kind", "starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="slot_has_a_seat"),
            ExclusionConstraint(
                name="slot_one_at_a_time",
                expressions=[
                    ("place", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (
                        # The seconds of a week that a row takes, as a multirange: a function of the migration.
                        models.Func("weekdays", "starts_at", "ends_at", function="slot_week"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(active=True),
                violation_error_message="该门店同一用途的启用时段不能重叠",
            ),
        ]
        indexes = [
            models.Index(fields=["place", "kind"], condition=Q(active=True), name="slot_template_of_place")
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}"


class SlotClosing(models.Model):
    """A day on which a shop, or each of them, takes no order for a slot: a day off, a holiday."""

    place = models.ForeignKey(
        Place,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="门店",
        help_text="不选表示全部门店",
    )
    day = models.DateField("日期")
    note = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "时段停约日"
        ordering = ["-day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "place"],
                nulls_distinct=False,
                name="slot_closing_once",
                violation_error_message="该门店这一天已登记",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.place or '全部门店'}"


class SlotDay(models.Model):
    """How many seats of a time of the week are taken on one day. ``services.seats`` alone writes it, guarded."""

    template = models.ForeignKey(
        SlotTemplate, on_delete=models.PROTECT, related_name="days", db_index=False, verbose_name="时段"
    )
    day = models.DateField("日期")
    taken = models.PositiveIntegerField("已约", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "时段余量"
        ordering = ["-day", "template"]
        constraints = [models.UniqueConstraint(fields=["template", "day"], name="slot_day_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.template}"


class SlotSeat(models.Model):
    """An order's seat in a slot: taken when it was placed, given back when it is closed or undone."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="seat", verbose_name="订单")
    slot_day = models.ForeignKey(SlotDay, on_delete=models.PROTECT, related_name="seats", verbose_name="时段")
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="门店"
    )
    kind = models.CharField("用途", max_length=6, choices=SlotKind.choices)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    taken_at = models.DateTimeField("占用时间")
    released_at = models.DateTimeField("释放时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "时段订单"
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["starts_at", "id"], name="slot_seat_in_time"),
            models.Index(fields=["place", "starts_at"], name="slot_seat_of_place"),
        ]

    def __str__(self) -> str:
        return str(self.order)
