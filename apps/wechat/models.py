"""What WeChat pushed to the shop, kept once."""

from __future__ import annotations

from django.db import models


class PushMessage(models.Model):
    """A verified push (消息推送). ``content`` holds the sender's openid."""

    message_key = models.CharField("消息标识", max_length=64, unique=True)
    kind = models.CharField("类型", max_length=64)
    content = models.JSONField("内容")
    received_at = models.DateTimeField("收到时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "微信消息推送"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_key[:8]}"
