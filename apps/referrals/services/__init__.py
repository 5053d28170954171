"""Everything that writes referrals: campaigns, invitations and the rewards that come of them.

Call it as ``referrals.count_order(...)`` (``from apps.referrals import services as referrals``).
"""

from apps.referrals.services import prizes, watching
from apps.referrals.services.binding import bind_on_landing
from apps.referrals.services.counting import (
    count_invited,
    count_order,
    count_phone,
    count_watched,
    invited_to_order,
    take_back,
)
from apps.referrals.services.prizes import PrizeExpired, PrizeNotGiven, PrizeOrdered
from apps.referrals.services.rewards import give_waiting, settle
from apps.referrals.services.saving import CAMPAIGNS, ReferralRefused

__all__ = [
    "CAMPAIGNS",
    "PrizeExpired",
    "PrizeNotGiven",
    "PrizeOrdered",
    "ReferralRefused",
    "bind_on_landing",
    "count_invited",
    "count_order",
    "count_phone",
    "count_watched",
    "give_waiting",
    "invited_to_order",
    "prizes",
    "settle",
    "take_back",
    "watching",
]
