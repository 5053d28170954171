"""Everything that writes coupons. Call it as ``coupons.hold(...)`` (``from apps.coupons import services as coupons``).

The four verbs belong to the caller's transaction, are keyed by the order number and are safe to repeat; the
other calls open a transaction of their own. Mass issues and code batches are ``services.jobs`` and
``services.codes``, uses in shops ``services.store_uses``, templates from a program ``services.templates``.
"""

from apps.base.tries import TooManyTries
from apps.coupons.services.codes import CodeInvalid, redeem_code
from apps.coupons.services.compensating import Compensated, compensate
from apps.coupons.services.giving import Given, issue_many
from apps.coupons.services.holds import (
    CouponGone,
    commit,
    committing,
    expire_due,
    hold,
    release,
    release_many,
    restore,
)
from apps.coupons.services.issuing import (
    ClaimClosed,
    ClaimLimitReached,
    LevelTooLow,
    NotIssued,
    SoldOut,
    UnderReview,
    claim,
    issue,
    recall,
    revoke,
)
from apps.coupons.services.moving import CouponConflict, CouponUnavailable, taking
from apps.coupons.services.occasions import TakenBack, deliver_redemption, reward, take_back_gifts, welcome

__all__ = [
    "ClaimClosed",
    "ClaimLimitReached",
    "CodeInvalid",
    "Compensated",
    "CouponConflict",
    "CouponGone",
    "CouponUnavailable",
    "Given",
    "LevelTooLow",
    "NotIssued",
    "SoldOut",
    "TakenBack",
    "TooManyTries",
    "UnderReview",
    "claim",
    "commit",
    "committing",
    "compensate",
    "deliver_redemption",
    "expire_due",
    "hold",
    "issue",
    "issue_many",
    "recall",
    "redeem_code",
    "release",
    "release_many",
    "restore",
    "revoke",
    "reward",
    "take_back_gifts",
    "taking",
    "welcome",
]
