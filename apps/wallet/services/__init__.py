"""Everything that writes stored value: the four verbs of an order, recharges, and corrections by operators.

Call it as ``wallet.hold(...)`` (``from apps.wallet import services as wallet``). The four verbs belong to the
caller's transaction, are keyed by the order number and are safe to repeat; ``credit`` and ``adjust`` open a
transaction of their own. While ``WALLET_ENABLED`` is off nothing new is held or recharged, but what was begun
ends: orders commit and release, refunds come back, operators correct.
"""

from apps.wallet.services.booking import AmountInvalid, BalanceShort, WalletConflict, WalletOff
from apps.wallet.services.crediting import (
    LIMIT_FEN,
    BalanceAboveLimit,
    PackGone,
    PackLimitReached,
    adjust,
    credit,
)
from apps.wallet.services.holds import BalanceGone, commit, hold, release, release_many, restore

__all__ = [
    "LIMIT_FEN",
    "AmountInvalid",
    "BalanceAboveLimit",
    "BalanceGone",
    "BalanceShort",
    "PackGone",
    "PackLimitReached",
    "WalletConflict",
    "WalletOff",
    "adjust",
    "commit",
    "credit",
    "hold",
    "release",
    "release_many",
    "restore",
]
