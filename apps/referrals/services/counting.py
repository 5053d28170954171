"""Counting: a friend's act counts once it can hardly be undone, after a look, and no more when the order went back.

The order's lock comes first, then those of inviter and friend by number, their points before themselves (each wins
something, and they may have invited each other), then the invitation's, then its rewards', and risk's look at the end: what
a receipt and a refund bring wait for each other, and so do the rewards of one member.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Status
from apps.referrals import selectors as referral_facts
from apps.referrals.models import Invitation
from apps.referrals.services import rewards
from apps.referrals.states import INVITATION_LIFECYCLE, KIND, Act, InvitationStatus
from apps.risk import services as risk
from apps.risk.scoring import Found
from apps.risk.states import Clue, Verdict

# Whether friends of before look like this one is asked of the latest so many.
_PEERS: Final = 200


def count_invited(*, invitation_id: int, at: datetime) -> bool:
    """Count a friend for having registered, where that is the act and nothing is missing; return whether it was now."""
    row = Invitation.objects.select_related("referral", "friend").get(pk=invitation_id)
    if row.referral.act != Act.REGISTERED or (row.referral.needs_phone and not row.friend.phone):
        return False
    return _acted(row, at=at)


def count_phone(*, member_id: int, at: datetime) -> int:
    """Count a friend who told their phone for the campaigns that waited for it; return how many."""
    waiting = Invitation.objects.filter(
        friend_id=member_id, status=InvitationStatus.BOUND, referral__needs_phone=True
    )
    counted = 0
    for row in waiting.select_related("referral").order_by("id"):
        if row.referral.act == Act.REGISTERED:
            counted += count_invited(invitation_id=row.pk, at=at)
        elif row.referral.act == Act.WATCHED:
            counted += row.watched_at is not None and _acted(row, at=at)
        elif order := referral_facts.first_received(row):
            counted += count_order(order_no=order.order_no, at=at)
    return counted


@transaction.atomic
def count_watched(*, invitation_id: int, at: datetime) -> Invitation:
    """Note that a friend stayed at the campaign's page, and count them if nothing is missing; again: nothing."""
    row = Invitation.objects.select_related("referral", "friend").get(pk=invitation_id)
    rewards.lock_people(row)
    Invitation.objects.filter(pk=row.pk, watched_at=None).update(watched_at=at)
    if not row.referral.needs_phone or row.friend.phone:
        _acted(row, at=at)
    return Invitation.objects.get(pk=row.pk)


def invited_to_order(*, member_ids: Collection[int]) -> set[int]:
    """Which of these members have an invitation that their first received order may count for: one statement."""
    return set(_waiting_for_order(member_ids).values_list("friend_id", flat=True))


@transaction.atomic
def count_order(*, order_no: str, at: datetime) -> int:
    """Count the buyer of a received order where somebody invited them to their first one; return how many campaigns.

    The order was placed after the invitation, within its days and the campaign's window; it was not refunded whole, and
    is not one of goods that were won.
    """
    order = orders.lock(order_no=order_no)
    if order.status != Status.RECEIVED or referral_facts.is_prize(order) or _went_back(order):
        return 0
    waiting = _waiting_for_order([order.member_id])
    counted, rows = 0, list(waiting.select_related("referral", "friend").order_by("id"))
    rewards.lock_people(*rows)
    for row in rows:
        in_time = row.bound_at <= order.created_at < row.referral.ends_at
        if in_time and row.valid_until is not None:
            in_time = order.created_at < row.valid_until
        if in_time and not (row.referral.needs_phone and not row.friend.phone):
            counted += _acted(row, order_no=order_no, at=at)
    return counted


@transaction.atomic
def take_back(*, order_no: str, at: datetime) -> int:
    """Count the buyer of an order that was refunded whole no more, and take back what that won; return how many."""
    order = orders.lock(order_no=order_no)
    if not _went_back(order):
        return 0
    rows = list(Invitation.objects.filter(order_no=order_no).order_by("id"))
    rewards.lock_people(*rows)
    lost, reason = 0, f"订单 {order_no} 已退款"
    for row in rows:
        before = rewards.locked(row).status
        if before in INVITATION_LIFECYCLE.moves["lose"].sources:
            _decide(row, "lose", reason=reason, at=at)
            lost += 1
        if before == InvitationStatus.HELD:
            risk.settled(kind=KIND, subject=str(row.pk), note=reason, at=at)
    return lost


@transaction.atomic
def decide_held(row: Invitation, move: str, *, reason: str = "", at: datetime) -> bool:
    """Count a held invitation, or lose it, and settle what it wins; False where it stands elsewhere by now."""
    rewards.lock_people(row)
    if rewards.locked(row).status != InvitationStatus.HELD:
        return False
    _decide(row, move, reason=reason, at=at)
    return True


def _decide(row: Invitation, move: str, *, reason: str, at: datetime) -> None:
    _write(rewards.locked(row), move, reason=reason, at=at)
    rewards.settle_both(row, at=at)


@transaction.atomic
def _acted(row: Invitation, *, order_no: str = "", at: datetime) -> bool:
    """The friend did it: look, then count or hold. False where that was done before."""
    rewards.lock_people(row)
    locked = rewards.locked(row)
    if locked.status != InvitationStatus.BOUND:
        return False
    mine = Invitation.objects.filter(inviter_id=row.inviter_id).exclude(pk=row.pk)
    ring = referral_facts.ring_of(inviter_id=row.inviter_id, friend_id=row.friend_id)
    look = risk.look(
        kind=KIND,
        subject=str(row.pk),
        title=f"「{row.referral.title}」邀请好友",
        member_id=row.inviter_id,
        other_id=row.friend_id,
        peers=list(mine.order_by("-id").values_list("friend_id", flat=True)[:_PEERS]),
        also=[Found(Clue.RING, 1, f"{ring} 人互相邀请，首尾相接")] if ring else [],
        at=at,
    )
    locked.acted_at, locked.order_no = at, order_no
    held = look.verdict == Verdict.HELD
    reasons = "；".join(reason.text for reason in look.reasons.all() if reason.weight) if held else ""
    _write(locked, "hold" if held else "count", reason=reasons, at=at)
    rewards.settle_both(row, at=at)
    return True


def _write(row: Invitation, move: str, *, reason: str, at: datetime) -> None:
    """Make a move of a locked invitation: the one place that writes its status."""
    row.status = INVITATION_LIFECYCLE.target(move=move, current=row.status)
    row.reason = reason[:100]
    if row.status == InvitationStatus.COUNTED:
        row.counted_at = at
    elif row.status == InvitationStatus.LOST:
        row.lost_at = at
    row.save(update_fields=["status", "reason", "acted_at", "order_no", "counted_at", "lost_at"])


def _waiting_for_order(member_ids: Collection[int]) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        friend_id__in=member_ids, status=InvitationStatus.BOUND, referral__act=Act.FIRST_ORDER
    )


def _went_back(order: Order) -> bool:
    """Whether nothing is left of what the order's goods cost."""
    if order.status == Status.REFUNDED:
        return True
    return order.refunded_fen > 0 and order_facts.goods_kept_fen(order) <= 0
