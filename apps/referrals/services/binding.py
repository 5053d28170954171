"""Invitations: who came by whose share of a campaign. One inviter for each friend, also of two at the same moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from apps.campaigns.states import Approval, State
from apps.distribution import selectors as promoter_facts
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.outbox import services as outbox
from apps.referrals.models import Edge, Invitation, Referral
from apps.referrals.states import KIND, Act, InvitationStatus
from apps.shares.models import Share, Visit
from mall.events import FriendInvited

# What only those do who registered by the share; a first order may be anybody's who never paid.
_OF_NEWCOMERS: Final = frozenset({Act.REGISTERED, Act.WATCHED})


def bind_on_landing(share: Share, *, member: Member, at: datetime) -> None:
    """Note whose friend a member is who came by a share of a campaign, where the campaign counts them; else nothing.

    For the board of landings (config/sharing.py): inside the visit's transaction, refusing nobody. Who registers counts
    for the share that brought the registration, whichever they come by now; a first order for that of this moment.
    """
    brought = Visit.objects.filter(member=member, registered=True, share__kind=KIND).select_related("share")
    visit = brought.first()
    if visit is not None:
        _bind(visit.share, member, by_registration=visit, at=at)
    if share.kind == KIND and (visit is None or visit.share_id != share.pk):
        _bind(share, member, by_registration=None, at=at)


def _bind(share: Share, member: Member, *, by_registration: Visit | None, at: datetime) -> None:
    row = Referral.objects.filter(pk=int(share.subject), approval=Approval.APPROVED).first()
    if row is None or row.state_at(at) != State.LIVE or share.member_id == member.pk:
        return
    if Invitation.objects.filter(referral=row, friend=member).exists():
        return
    if row.act in _OF_NEWCOMERS and not _is_in_time(by_registration, member):
        return
    if row.act == Act.FIRST_ORDER and order_facts.has_ever_paid(member.pk):
        return
    # Two inviters may be at it: one after the other, and the second sees what the first did.
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not _has_edge(member, share.member_id, at=at):
        return
    days = promoter_facts.rules().valid_days
    invitation, created = Invitation.objects.get_or_create(
        referral=row,
        friend=member,
        defaults={
            "inviter_id": share.member_id,
            "share": share,
            "bound_at": at,
            "valid_until": at + timedelta(days=days) if days else None,
        },
    )
    if created:
        outbox.publish(FriendInvited(invitation_id=invitation.pk), at=at)


def _is_in_time(visit: Visit | None, member: Member) -> bool:
    """Whether the visit brought the registration within the days that a binding holds."""
    days = promoter_facts.rules().valid_days
    return visit is not None and (not days or visit.first_at > member.registered_at - timedelta(days=days))


def _has_edge(friend: Member, inviter_id: int, *, at: datetime) -> bool:
    """Make the inviter the friend's, under the friend's lock; False where another is.

    One whose invitations all came to nothing, and can come to nothing more, makes room.
    """
    edge, created = Edge.objects.get_or_create(friend=friend, defaults={"inviter_id": inviter_id, "at": at})
    if created or edge.inviter_id == inviter_id:
        return True
    theirs = Invitation.objects.filter(friend=friend, inviter_id=edge.inviter_id)
    idle = Q(status=InvitationStatus.BOUND) & (Q(valid_until__lte=at) | Q(referral__ends_at__lte=at))
    if theirs.exclude(idle).exists():
        return False
    edge.inviter_id, edge.at = inviter_id, at
    edge.save(update_fields=["inviter", "at"])
    return True
