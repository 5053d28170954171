"""Writes down who saw or exported whose data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.base.models import AuditEntry


def record(*, operator: Any, action: str, subject: str, at: datetime, note: str = "") -> None:
    """Append one audit entry. ``subject`` is a public number or a row's name, never the data itself."""
    AuditEntry.objects.create(operator=operator, action=action, subject=subject[:80], note=note[:200], at=at)
