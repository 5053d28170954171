"""Forgetting a member who leaves: nothing more is told, the texts are gone, that an occasion was told stays."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.messaging.models import BroadcastTarget, Dispatch, Grant, Message, Standing
from apps.messaging.services import grants
from apps.messaging.states import DispatchStatus, GrantChange, MessageStatus, Reason, Source


def forget(*, member_id: int, at: datetime) -> None:
    """Stop what is on its way, empty inbox and grants, delete wishes; in the caller's transaction. Again changes nothing.

    A message that is being sent at this very moment goes: nobody can call it back.
    """
    transactions.require()
    Dispatch.objects.filter(
        member_id=member_id,
        status__in=[DispatchStatus.WAITING, DispatchStatus.HELD, DispatchStatus.FAILED],
    ).update(status=DispatchStatus.REFUSED, reason=Reason.ERASED, ended_at=at)
    mine = Message.objects.filter(member_id=member_id)
    mine.filter(status__in=[MessageStatus.WAITING, MessageStatus.HELD, MessageStatus.FAILED]).update(
        status=MessageStatus.DROPPED, reason=Reason.ERASED, ended_at=at
    )
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
