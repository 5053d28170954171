"""Pickups: which order lies where until when, by which code it is fetched, and how often an operator mistyped one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.orders.models import Order
from apps.pickup.states import OPEN, PickupStatus
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
