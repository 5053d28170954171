"""What happened to a refund, one row each: the story that operators read when a buyer asks where the money is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.payments.models import Refund, RefundStep


def note(refund: Refund, step: str, *, words: str = "", operator: Any = None, at: datetime) -> None:
    """Append a step; the same one with the same words as the last is not told again, however often it is tried."""
    last = RefundStep.objects.filter(refund=refund).order_by("-id").first()
    if last is not None and (last.step, last.note) == (step, words[:300]):
        return
    RefundStep.objects.create(
        refund=refund, step=step, status=refund.status, note=words[:300], operator=operator, at=at
    )
