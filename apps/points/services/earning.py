"""Giving points to a member and taking them back, each once per cause."""

from __future__ import annotations

from collections.abc import Mapping
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


def earn_many(
    *,
    causes: Mapping[int, str],
    amount: int,
    kind: EntryKind = EntryKind.GRANT,
    reason: str = "",
    at: datetime,
) -> set[int]:
    """Give the same points to each of many members, by id, for their ``cause``; return for whom it was new.

    In the caller's transaction, a few statements for all of them; whoever owes, or has something to expire first, is
    dealt with one by one. Rules as in ``earn``. Raises PointsInvalid, NoTransaction.
    """
    booking.require_positive(amount)
    accounts = booking.lock_many(member_ids=causes.keys())
    known = set(
        Entry.objects.filter(
            account__in=accounts.values(), business_key__in=set(causes.values())
        ).values_list("account__member_id", "business_key")
    )
    new = {
        member_id: account
        for member_id, account in accounts.items()
        if (member_id, causes[member_id]) not in known
    }
    plain = booking.plain(new.values(), at=at)
    booking.put_many(
        plain,
        dict.fromkeys(new, amount),
        causes={account.member_id: Cause(kind, causes[account.member_id], reason) for account in plain},
        expires_at=lives.expiry(point_facts.rules(), at=at),
        at=at,
    )
    for member_id in sorted(new.keys() - {account.member_id for account in plain}):
        earn(member_id=member_id, amount=amount, cause=causes[member_id], kind=kind, reason=reason, at=at)
    return set(new)


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
