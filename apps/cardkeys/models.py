"""Card keys (卡密): a number and a sealed secret each, of one SKU, brought in by batches and sold with an order."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.cardkeys.states import CardStatus
from apps.catalog.models import Sku

LONGEST_NUMBER = 64


class CardBatch(models.Model):
    """Card keys that an operator brought in with one file."""

    batch_no = models.CharField("批次号", max_length=32, unique=True)
    # How many came with it; those that were there before are not counted.
    size = models.PositiveIntegerField("张数")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = verbose_name_plural = "卡密批次"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.batch_no


class CardKey(models.Model):
    """One card key. Its secret lies sealed (``apps.base.sealed``), and is opened for its buyer and for who may look."""

    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, related_name="card_keys", db_index=False, verbose_name="SKU"
    )
    number = models.CharField("卡号", max_length=LONGEST_NUMBER)
    # Emptied when its buyer is erased.
    sealed = models.TextField("卡密", blank=True, editable=False)
    batch = models.ForeignKey(CardBatch, on_delete=models.PROTECT, related_name="cards", verbose_name="批次")
    status = models.CharField("状态", max_length=10, choices=CardStatus.choices, default=CardStatus.AVAILABLE)
    # The order that it was sold with; empty while it was sold with none.
    order_no = models.CharField("订单号", max_length=32, blank=True, default="")
    sold_at = models.DateTimeField("售出时间", null=True)
    ended_at = models.DateTimeField("收回或作废时间", null=True)

    class Meta:
        permissions = [("reveal_cardkey", "查看卡密明文")]
        verbose_name = verbose_name_plural = "卡密"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "number"], name="card_key_number_once_per_sku"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[CardStatus.AVAILABLE, CardStatus.VOID], order_no="", sold_at__isnull=True
                )
                | (
                    Q(status__in=[CardStatus.SOLD, CardStatus.REVOKED], sold_at__isnull=False)
                    & ~Q(order_no="")
                ),
                name="card_key_of_an_order_exactly_when_sold",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, status__in=[CardStatus.REVOKED, CardStatus.VOID])
                | Q(ended_at__isnull=True, status__in=[CardStatus.AVAILABLE, CardStatus.SOLD]),
                name="card_key_ended_at_exactly_when_ended",
            ),
        ]
        indexes = [
            # Which are next: the oldest of a SKU that are not sold.
            models.Index(
                fields=["sku", "id"], condition=Q(status=CardStatus.AVAILABLE), name="card_key_to_sell"
            ),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="card_key_of_order"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def about(self) -> str:
        """The name under which its secret is sealed: the row's own, so that it opens in no other."""
        return f"card:{self.sku_id}:{self.number}"
