"""Rewards: what an inviter's counted friends win, given once each, held with a held friend, taken back with a lost one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.members.models import Member
from apps.points import services as points
from apps.referrals import selectors as referral_facts
from apps.referrals.drafts import Prize
from apps.referrals.models import Invitation, Reward, Tier
from apps.referrals.states import REWARD_LIFECYCLE, InvitationStatus, PrizeKind, RewardStatus

# So many are tried in one ring of the bell.
_MOST: Final = 20_000
_SPENT: Final = frozenset({CouponStatus.USED, CouponStatus.HELD})
_WRITTEN: Final = ("status", "rounds", "coupon", "owed", "valid_until", "given_at", "taken_at", "note")
# What an invitation's standing means for the friend's own reward.
_OF_FRIEND: Final = {
    InvitationStatus.COUNTED: "give",
    InvitationStatus.HELD: "hold",
    InvitationStatus.LOST: "take_back",
}


class _Whose(NamedTuple):
    """Which reward it is: the key that makes it one, and what it is for."""

    business_key: str
    referral_id: int
    member_id: int
    friends: int | None = None
    invitation_id: int | None = None


def lock_people(*rows: Invitation) -> None:
    """Lock inviters and friends of these invitations, in the order in which everybody locks several members."""
    _lock_members({member_id for row in rows for member_id in (row.inviter_id, row.friend_id)})


def _lock_members(member_ids: Collection[int]) -> None:
    """Their accounts of points, then they: as an order that is settled takes both, for its points and its growth."""
    points.lock_ahead(member_ids=member_ids)
    found = Member.objects.select_for_update(no_key=True).filter(pk__in=member_ids)
    list(found.order_by("pk").values_list("pk"))


def locked(row: Invitation) -> Invitation:
    """The invitation as it stands now, locked behind its people."""
    return Invitation.objects.select_for_update(no_key=True).get(pk=row.pk)


def settle_both(row: Invitation, *, at: datetime) -> None:
    """Give, hold or take back what the inviter and the friend of an invitation win, whose rows are locked."""
    settle(referral_id=row.referral_id, member_id=row.inviter_id, at=at)
    _settle_friend(row.pk, at=at)


@transaction.atomic
def settle(*, referral_id: int, member_id: int, at: datetime) -> None:
    """Give, hold or take back the tiers of one inviter, whose row is locked, as their friends stand now; again: nothing.

    A tier that held friends would reach is held; one that was given and is not reached any more is taken back.
    """
    standing = referral_facts.standing(referral_id=referral_id, member_id=member_id)
    tiers = {tier.friends: Prize.of(tier) for tier in Tier.objects.filter(referral_id=referral_id)}
    given = Reward.objects.filter(referral_id=referral_id, member_id=member_id, invitation=None)
    known = {row.friends: row for row in given.select_for_update(no_key=True).order_by("id")}
    for friends in sorted({*tiers, *(row for row in known if row is not None)}):
        reached = standing.counted >= friends
        hoped = standing.counted + standing.held >= friends
        whose = _Whose(f"{referral_id}:{member_id}:{friends}", referral_id, member_id, friends)
        move = "give" if reached else "hold" if hoped else "take_back"
        _bring(known.get(friends), whose, tiers.get(friends), move, at=at)


def _settle_friend(invitation_id: int, *, at: datetime) -> None:
    """Give, hold or take back the friend's own reward, as the locked invitation stands now."""
    row = Invitation.objects.select_related("referral").get(pk=invitation_id)
    move = _OF_FRIEND.get(InvitationStatus(row.status))
    if move is None:
        return
    prize = Prize.of(row.referral)
    whose = _Whose(f"friend:{row.pk}", row.referral_id, row.friend_id, invitation_id=row.pk)
    known = Reward.objects.select_for_update(no_key=True).filter(business_key=whose.business_key).first()
    _bring(known, whose, prize, move, at=at)


def give_waiting(*, at: datetime, limit: int = _MOST) -> int:
    """Give what could not be given before (a coupon that was sold out then); return how many were, this time.

    One transaction each, at most ``limit``; what is still not to be had keeps nobody else waiting.
    """
    given = last = 0
    for _ in range(limit):
        waiting = referral_facts.rewards_to_try(at=at).filter(pk__gt=last)
        row = waiting.select_related("invitation").order_by("pk").first()
        if row is None:
            break
        last = row.pk
        _try(row, at=at)
        given += Reward.objects.filter(pk=row.pk, status=RewardStatus.GIVEN).exists()
    return given


@transaction.atomic
def _try(row: Reward, *, at: datetime) -> None:
    """Settle what one waiting reward belongs to, under the locks that everybody takes first."""
    if row.invitation is not None:
        lock_people(row.invitation)
        locked(row.invitation)
        _settle_friend(row.invitation.pk, at=at)
    else:
        _lock_members([row.member_id])
        settle(referral_id=row.referral_id, member_id=row.member_id, at=at)


def _bring(row: Reward | None, whose: _Whose, prize: Prize | None, move: str, *, at: datetime) -> None:
    """Bring a reward to where it belongs; a new one is written only where it is won or hoped for."""
    if row is None:
        if prize is None or move == "take_back":
            return
        row = Reward.objects.create(
            **whose._asdict(),
            prize_kind=prize.kind,
            coupon_template_id=prize.coupon_id,
            points=prize.points,
            sku_id=prize.sku_id,
            units=prize.units,
            days=prize.days,
            at=at,
        )
    if move == "give" and row.status != RewardStatus.GIVEN:
        _give(row, at=at)
    elif move == "take_back" and row.status in REWARD_LIFECYCLE.moves["take_back"].sources:
        _take_back(row, at=at)
    elif move == "hold" and row.status == RewardStatus.GIVEN:
        # What was given for friends of whom one was lost since, and for whom a held one would stand in.
        _take_back(row, at=at)
        _write(row, "hold")
    elif move == "hold" and row.status == RewardStatus.TAKEN_BACK:
        _write(row, "hold")


def _give(row: Reward, *, at: datetime) -> None:
    """Give the prize, or leave it held with the reason where the coupon is not to be had now."""
    round_no = row.rounds + 1
    if row.owed and (row.order_no or (row.coupon is not None and row.coupon.status in _SPENT)):
        # It was spent when it should have come back: won again, nothing is owed any more, and nothing is given.
        pass
    elif row.prize_kind == PrizeKind.GOODS:
        row.valid_until = at + timedelta(days=row.days or 0)
    elif row.prize_kind == PrizeKind.POINTS:
        points.earn(
            member_id=row.member_id,
            amount=row.points or 0,
            cause=f"referral:{row.pk}:{round_no}",
            reason=row.referral.title,
            at=at,
        )
    else:
        try:
            with transaction.atomic():
                row.coupon = coupons.issue(
                    template_id=row.coupon_template_id or 0,
                    member_id=row.member_id,
                    way=Coupon.Way.OTHER,
                    cause=f"referral:{row.pk}:{round_no}",
                    at=at,
                )
        except (coupons.SoldOut, coupons.NotIssued) as refusal:
            row.note = refusal.text[:100]
            row.save(update_fields=["note"])
            return
    row.rounds, row.given_at, row.note, row.owed = round_no, at, "", False
    _write(row, "give")


def _take_back(row: Reward, *, at: datetime) -> None:
    """Take back what was given, if it was: points that are spent are a debt, a coupon that is spent is noted as owed."""
    row.taken_at, row.note = at, ""
    if row.status == RewardStatus.GIVEN:
        if row.prize_kind == PrizeKind.POINTS:
            points.claw_back(
                member_id=row.member_id,
                amount=row.points or 0,
                cause=f"referral:{row.pk}:{row.rounds}:back",
                reason=row.referral.title,
                at=at,
            )
        elif row.prize_kind == PrizeKind.GOODS:
            row.owed = bool(row.order_no)
            row.note = "奖品已下单，待再次达标时抵扣" if row.owed else ""
        elif row.coupon_id is not None:
            status = coupons.recall(coupon_id=row.coupon_id, note="好友订单退款，邀请奖励收回", at=at)
            row.owed = status in _SPENT
            row.note = "券已使用，待再次达标时抵扣" if row.owed else ""
    _write(row, "take_back")


def _write(row: Reward, move: str) -> None:
    """Make a move of a locked reward: the one place that writes its status."""
    row.status = REWARD_LIFECYCLE.target(move=move, current=row.status)
    row.save(update_fields=_WRITTEN)
