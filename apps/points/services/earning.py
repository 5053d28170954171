"""Giving points to a member and taking them back, each once per cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.points import lives
from apps.points import selectors as point_facts
from apps.points.models import Entry
from apps.points.services import booking
from apps.points.services.booking import Cause
from apps.points.states import EntryKind


@transaction.atomic
def earn(
    *,
    member_id: int,
    amount: int,
    cause: str,
    kind: EntryKind = EntryKind.GRANT,
    reason: str = "",
    operator: Any = None,
    at: datetime,
) -> Entry | None:
    """Give 1 … 1,000,000,000 points, which expire by the rules of this moment and first pay the member's debt.

    ``cause`` (at most 80 characters) is unique per member: earning it again changes nothing and returns None.
    Raises PointsInvalid.
    """
    booking.require_positive(amount)
    account = booking.lock(member_id=member_id, at=at)
    if booking.booked(account, cause):
        return None
    expires_at = lives.expiry(point_facts.rules(), at=at)
    return booking.put(
        account, amount, cause=Cause(kind, cause, reason, operator), expires_at=expires_at, at=at
    )


@transaction.atomic
def claw_back(
    *,
    member_id: int,
    amount: int,
    cause: str,
    kind: EntryKind = EntryKind.CLAW_BACK,
    reason: str = "",
    operator: Any = None,
    at: datetime,
) -> Entry | None:
    """Take points back: what is there leaves the balance, the rest becomes a debt that the next earning pays.

    ``cause`` as above. Raises PointsInvalid.
    """
    booking.require_positive(amount)
    account = booking.lock(member_id=member_id, at=at)
    if booking.booked(account, cause):
        return None
    return booking.take_back(account, amount, cause=Cause(kind, cause, reason, operator), at=at)
