"""Everything that writes points: the four verbs of an order, earnings, settlements, check-ins, rewards, the mall.

Call it as ``points.hold(...)`` (``from apps.points import services as points``). hold, commit, release, restore
and hold_good belong to the caller's transaction; the others open one where there is none. All are safe to
repeat, each by its order number, cause or key.
"""

from apps.points.services.booking import NotEnoughPoints, PointsConflict, PointsInvalid, lock_ahead
from apps.points.services.checking_in import check_in
from apps.points.services.earning import claw_back, earn, earn_many
from apps.points.services.exchanging import hold_good, redeem_coupon
from apps.points.services.expiring import expire_due, remind_due
from apps.points.services.redeeming import LimitReached, RedeemedOut
from apps.points.services.rewarding import give_birthday_gifts, reward
from apps.points.services.settling import (
    Returned,
    due_for_refund,
    earn_for_order,
    give_back_for_refund,
    settle,
    settle_for_less,
    settle_many,
)
from apps.points.services.spending import PointsGone, commit, hold, release, release_many, restore

__all__ = [
    "LimitReached",
    "NotEnoughPoints",
    "PointsConflict",
    "PointsGone",
    "PointsInvalid",
    "RedeemedOut",
    "Returned",
    "check_in",
    "claw_back",
    "commit",
    "due_for_refund",
    "earn",
    "earn_for_order",
    "earn_many",
    "expire_due",
    "give_back_for_refund",
    "give_birthday_gifts",
    "hold",
    "hold_good",
    "lock_ahead",
    "redeem_coupon",
    "release",
    "release_many",
    "remind_due",
    "restore",
    "reward",
    "settle",
    "settle_for_less",
    "settle_many",
]
