"""Keeps what WeChat pushed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.base import transactions
from apps.wechat.models import PushMessage


def keep_push(*, message_key: str, kind: str, content: Mapping[str, Any], at: datetime) -> bool:
    """Store a push inside the caller's transaction; False if it is there already (WeChat delivers up to 3 times)."""
    transactions.require()
    _, is_new = PushMessage.objects.get_or_create(
        message_key=message_key,
        defaults={"kind": kind, "content": dict(content), "received_at": at},
    )
    return is_new
