"""What a member wants of messages: the switch of marketing, their own and nobody else's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.messaging.models import Standing


@transaction.atomic
def set_marketing(*, member_id: int, wanted: bool, at: datetime) -> None:
    """Say whether the member wants to be told of offers. No means none, from this moment, also what is on its way."""
    Standing.objects.bulk_create([Standing(member_id=member_id)], ignore_conflicts=True)
    Standing.objects.filter(member_id=member_id).exclude(marketing=wanted).update(
        marketing=wanted, said_at=at
    )
    # ``exclude`` leaves out rows that say nothing: NULL is not unequal to anything.
    Standing.objects.filter(member_id=member_id, marketing=None).update(marketing=wanted, said_at=at)
