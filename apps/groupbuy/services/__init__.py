"""Everything that writes group-buys, one module per noun; what other rooms call is named here.

Call it as ``groupbuy.hold(...)`` (``from apps.groupbuy import services as groupbuy``). The four verbs belong to the
caller's transaction, are keyed by the order and are safe to repeat.
"""

from apps.groupbuy.services.groups import GroupOver, end_due, end_now, form_rest
from apps.groupbuy.services.saving import CAMPAIGNS, LABEL, GroupBuyRefused
from apps.groupbuy.services.seats import (
    GroupClosed,
    GroupFull,
    GroupJoinedAlready,
    GroupNewcomersOnly,
    commit,
    hold,
    no_place,
    refusal_of,
    release,
    restore,
)

__all__ = [
    "CAMPAIGNS",
    "LABEL",
    "GroupBuyRefused",
    "GroupClosed",
    "GroupFull",
    "GroupJoinedAlready",
    "GroupNewcomersOnly",
    "GroupOver",
    "commit",
    "end_due",
    "end_now",
    "form_rest",
    "hold",
    "no_place",
    "refusal_of",
    "release",
    "restore",
]
