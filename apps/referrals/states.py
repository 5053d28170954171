"""What friends must do, where an invitation and a reward stand, and what rewards are."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle, Move

KIND: Final = "referral"
LABEL: Final = "邀请"
# What an order of a prize names as its activity.
PRIZE: Final = "referral_prize"
PRIZE_LABEL: Final = "邀请奖品"


class Act(TextChoices):
    """What counts of a friend, in the contract's words."""

    REGISTERED = "REGISTERED", "注册"
    FIRST_ORDER = "FIRST_ORDER", "首单收货"
    WATCHED = "WATCHED", "浏览满时长"


class PrizeKind(TextChoices):
    """What is given."""

    COUPON = "coupon", "优惠券"
    POINTS = "points", "积分"
    GOODS = "goods", "商品"


class InvitationStatus(TextChoices):
    """Where an invited friend stands."""

    BOUND = "BOUND", "已邀请"
    HELD = "HELD", "待核实"
    COUNTED = "COUNTED", "已计入"
    LOST = "LOST", "已作废"


INVITATION_LIFECYCLE: Final = Lifecycle(
    "invitation",
    initial=InvitationStatus.BOUND,
    moves={
        "count": Move({InvitationStatus.BOUND, InvitationStatus.HELD}, InvitationStatus.COUNTED),
        "hold": Move({InvitationStatus.BOUND}, InvitationStatus.HELD),
        "lose": Move({InvitationStatus.HELD, InvitationStatus.COUNTED}, InvitationStatus.LOST),
    },
    final={InvitationStatus.LOST},
    labels=dict(InvitationStatus.choices),
)


class RewardStatus(TextChoices):
    """Where a reward stands, in the contract's words."""

    HELD = "HELD", "待核实"
    GIVEN = "GIVEN", "已发放"
    TAKEN_BACK = "TAKEN_BACK", "已收回"


REWARD_LIFECYCLE: Final = Lifecycle(
    "referral_reward",
    initial=RewardStatus.HELD,
    moves={
        "give": Move({RewardStatus.HELD, RewardStatus.TAKEN_BACK}, RewardStatus.GIVEN),
        "hold": Move({RewardStatus.TAKEN_BACK}, RewardStatus.HELD),
        "take_back": Move({RewardStatus.HELD, RewardStatus.GIVEN}, RewardStatus.TAKEN_BACK),
    },
    labels=dict(RewardStatus.choices),
)
