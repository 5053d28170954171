"""Forgetting a member who leaves: nothing more is told, the texts are gone, that an occasion was told stays."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.messaging.models import BroadcastTarget, Dispatch, Grant, Message, Standing
from apps.messaging.services import grants, moving
from apps.messaging.states import GrantChange, Reason, Source


def forget(*, member_id: int, at: datetime) -> None:
    """Stop what is on its way, empty inbox and grants, delete wishes; in the caller's transaction. Again changes nothing.

    A message that is being sent at this very moment goes: nobody can call it back.
    """
    transactions.require()
    mine = Message.objects.filter(member_id=member_id)
    moving.call_off(mine, Dispatch.objects.filter(member_id=member_id), reason=Reason.ERASED, at=at)
    mine.update(title="", text="", page="", fault="")
    for grant in Grant.objects.filter(member_id=member_id, balance__gt=0).order_by("pk"):
        grants.empty(
            member_id=member_id,
            template_id=grant.template_id,
            what=GrantChange.REFUSED,
            source=Source.OPERATOR,
            cause="erased",
            at=at,
        )
    Standing.objects.filter(member_id=member_id).delete()
    BroadcastTarget.objects.filter(member_id=member_id).delete()
