"""What WeChat pushed, for operators: read only, openids masked."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin

from apps.base.admin import ReadOnlyAdmin
from apps.wechat.models import PushMessage

_PERSONAL = frozenset({"FromUserName", "openid", "OpenId"})


def masked(value: Any) -> Any:
    """Return a message with the middle of every openid hidden."""
    if isinstance(value, dict):
        return {
            name: _hidden(str(inner)) if name in _PERSONAL else masked(inner) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value


def _hidden(openid: str) -> str:
    return f"{openid[:4]}****{openid[-4:]}" if len(openid) > 8 else "****"


@admin.register(PushMessage)
class PushMessageAdmin(ReadOnlyAdmin):
    """Pushes, newest first."""

    list_display = ["id", "kind", "received_at"]
    list_filter = ["kind"]
    fields = ["kind", "shown", "received_at", "message_key"]
    readonly_fields = fields

    @admin.display(description="内容")
    def shown(self, message: PushMessage) -> str:
        return json.dumps(masked(message.content), ensure_ascii=False, indent=2)
