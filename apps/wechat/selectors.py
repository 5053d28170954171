"""Reads what WeChat pushed."""

from __future__ import annotations

from typing import Any

from apps.wechat import paths, pushed
from apps.wechat.models import PushMessage


def push_content(*, message_key: str) -> dict[str, Any]:
    """Return what a kept push said; empty if it is not kept (any more)."""
    kept = PushMessage.objects.filter(message_key=message_key).values_list("content", flat=True).first()
    return kept or {}


def push_said(*, message_key: str) -> pushed.Said | None:
    """Return what a kept push says about messages; None if it is about something else or not kept (any more)."""
    kept = PushMessage.objects.filter(message_key=message_key).values_list("content", "received_at").first()
    return None if kept is None else pushed.read(kept[0], at=kept[1])


def push_path(*, message_key: str) -> paths.PathAdded | None:
    """Return what a kept push says of a waybill's way; None if it is about something else or not kept (any more)."""
    return paths.read(push_content(message_key=message_key))
