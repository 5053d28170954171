"""Statuses of what WeChat is told about a parcel, and how freight is counted."""

from __future__ import annotations

from django.db import models


class ChargedBy(models.TextChoices):
    PIECE = "PIECE", "按件"
    WEIGHT = "WEIGHT", "按重量"


class UploadStatus(models.TextChoices):
    WAITING = "WAITING", "待上传"
    DONE = "DONE", "已上传"
    FAILED = "FAILED", "失败待处理"
    NOT_NEEDED = "NOT_NEEDED", "无需上传"
