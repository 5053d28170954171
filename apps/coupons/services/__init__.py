"""Everything that writes coupons. Call it as ``coupons.hold(...)`` (``from apps.coupons import services as coupons``).

The four verbs belong to the caller's transaction, are keyed by the order number and are safe to repeat; the
other calls open a transaction of their own. Mass issues and code batches are ``services.jobs`` and
``services.codes``, templates from a program ``services.templates``.
"""

from apps.coupons.services.codes import CodeInvalid, TooManyTries, redeem_code
from apps.coupons.services.holds import CouponGone, commit, expire_due, hold, release, restore
from apps.coupons.services.issuing import (
    ClaimClosed,
    ClaimLimitReached,
    LevelTooLow,
    NotIssued,
    SoldOut,
    TakenBack,
    claim,
    issue,
    issue_on_occasion,
    revoke,
    take_back_gifts,
)
from apps.coupons.services.moving import CouponConflict, CouponUnavailable

__all__ = [
    "ClaimClosed",
    "ClaimLimitReached",
    "CodeInvalid",
    "CouponConflict",
    "CouponGone",
    "CouponUnavailable",
    "LevelTooLow",
    "NotIssued",
    "SoldOut",
    "TakenBack",
    "TooManyTries",
    "claim",
    "commit",
    "expire_due",
    "hold",
    "issue",
    "issue_on_occasion",
    "redeem_code",
    "release",
    "restore",
    "revoke",
    "take_back_gifts",
]
