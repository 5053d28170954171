"""Everything that writes promotions: setting them up from a program, their limits, the price floor.

Call it as ``promotions.hold(...)`` (``from apps.promotions import services as promotions``). The four verbs
belong to the caller's transaction, are keyed by the order number and are safe to repeat.
"""

from apps.promotions.services.limits import (
    LimitReached,
    UsageConflict,
    Use,
    commit,
    hold,
    recount,
    release,
    restore,
    uses_of,
)
from apps.promotions.services.setting_up import WindowInvalid, price_for_level, replace_parts, start, titled

__all__ = [
    "LimitReached",
    "UsageConflict",
    "Use",
    "WindowInvalid",
    "commit",
    "hold",
    "price_for_level",
    "recount",
    "release",
    "replace_parts",
    "restore",
    "start",
    "titled",
    "uses_of",
]
