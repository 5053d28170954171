"""Statuses of a delivery."""

from __future__ import annotations

from django.db import models


class DeliveryStatus(models.TextChoices):
    WAITING = "WAITING", "待投递"
    DONE = "DONE", "已完成"
    DEAD = "DEAD", "已停止重试"
