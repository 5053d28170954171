"""Announced events and, for each listener, how its delivery goes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.outbox.states import DeliveryStatus


class Announcement(models.Model):
    """One event, written in the transaction of what it tells about."""

    kind = models.CharField("事件", max_length=60)
    payload = models.JSONField("内容")
    announced_at = models.DateTimeField("发布时间", db_index=True)
    # Null until one delivery per listener exists.
    sorted_at = models.DateTimeField("分拣时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "业务事件"
        ordering = ["-id"]
        indexes = [models.Index(F("id"), condition=Q(sorted_at__isnull=True), name="announcement_unsorted")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Delivery(models.Model):
    """One event on its way to one listener, retried alone."""

    # Found by the constraint below, which begins with it: an index of its own would be a twelfth of it all.
    announcement = models.ForeignKey(
        Announcement, on_delete=models.CASCADE, related_name="deliveries", verbose_name="事件", db_index=False
    )
    listener = models.CharField("接收方", max_length=120)
    status = models.CharField(
        "状态", max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING
    )
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    due_at = models.DateTimeField("下次尝试")
    done_at = models.DateTimeField("完成时间", null=True)
    last_error = models.CharField("最近错误", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "事件投递"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["announcement", "listener"], name="delivery_once_per_listener"),
            models.CheckConstraint(
                condition=Q(status=DeliveryStatus.DONE, done_at__isnull=False)
                | (~Q(status=DeliveryStatus.DONE) & Q(done_at__isnull=True)),
                name="delivery_done_at_exactly_when_done",
            ),
        ]
        indexes = [
            models.Index(
                F("due_at"), F("id"), condition=Q(status=DeliveryStatus.WAITING), name="delivery_due_first"
            ),
            # What waits for an operator, counted on the first page.
            models.Index(fields=["-id"], condition=Q(status=DeliveryStatus.DEAD), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.announcement_id} → {self.listener}"
