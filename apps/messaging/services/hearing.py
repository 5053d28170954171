"""What WeChat tells of messages: grants that were given or taken back, messages that did not arrive, members who wrote."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.members.models import Member
from apps.messaging.models import Dispatch
from apps.messaging.services import cards, grants, moving, windows
from apps.messaging.states import Channel, DispatchStatus, Reason
from apps.wechat.pushed import (
    CardFailed,
    ChoiceChanged,
    CustomerSpoke,
    Delivery,
    MessagesSent,
    PromptAnswered,
    Said,
)


@transaction.atomic
def hear(*, said: Said, cause: str, at: datetime) -> None:
    """Keep what a push says, once for each ``cause`` (the push's key); what is of nobody we know changes nothing."""
    member = Member.objects.filter(openid=said.openid).first()
    if member is None:
        return
    match said:
        case PromptAnswered() | ChoiceChanged():
            answers = [(choice.template_id, choice.status) for choice in said.choices]
            grants.note_events(member_id=member.pk, answers=answers, cause=cause, at=said.at)
        case MessagesSent():
            for delivery in said.deliveries:
                if not delivery.arrived:
                    _bounce(member, delivery, at=at)
        case CardFailed():
            cards.fail_as_wechat_says(said=said, at=at)
        case CustomerSpoke():
            windows.open_window(member_id=member.pk, until=said.until, messages=said.messages)


def _bounce(member: Member, delivery: Delivery, *, at: datetime) -> None:
    """WeChat had taken a message and could not deliver it: it says so, and its grant is there again."""
    dispatch = (
        Dispatch.objects.select_for_update(no_key=True, of=("self",))
        .select_related("message")
        .filter(msgid=delivery.msgid, member=member, channel=Channel.SUBSCRIPTION, status=DispatchStatus.SENT)
        .first()
    )
    if dispatch is None:
        return
    why = f"{delivery.error} {delivery.status}"
    moving.way(dispatch, move="bounce", at=at, reason=Reason.NOT_DELIVERED, fault=why)
    moving.note(dispatch.message, channel="", reason=Reason.NOT_DELIVERED)
    if dispatch.template_id is not None:
        grants.give_back(
            member_id=member.pk,
            template_id=dispatch.template_id,
            cause=f"{dispatch.pk}:{dispatch.tries}",
            at=at,
        )
