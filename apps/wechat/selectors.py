"""Reads what WeChat pushed."""

from __future__ import annotations

from typing import Any

from apps.wechat.models import PushMessage


def push_content(*, message_key: str) -> dict[str, Any]:
    """Return what a kept push said; empty if it is not kept (any more)."""
    kept = PushMessage.objects.filter(message_key=message_key).values_list("content", flat=True).first()
    return kept or {}
