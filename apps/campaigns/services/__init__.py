"""Everything that writes what campaigns share: their life, windows on SKUs, quotas and their four verbs.

Call it as ``campaigns.hold(...)`` (``from apps.campaigns import services as campaigns``). The four verbs belong to
the caller's transaction, are keyed by the order number and are safe to repeat.
"""

from apps.campaigns.services.checking import EXTRAS, Sold, faults_of, price_faults
from apps.campaigns.services.lifecycle import AlreadyOver, Campaigns
from apps.campaigns.services.quotas import (
    LimitReached,
    QuotaTooSmall,
    SoldOut,
    commit,
    hold,
    lock,
    quota_of,
    quotas_of,
    release,
    restore,
    set_aside,
    set_quota,
)
from apps.campaigns.services.windows import SkuTaken

__all__ = [
    "EXTRAS",
    "AlreadyOver",
    "Campaigns",
    "LimitReached",
    "QuotaTooSmall",
    "SkuTaken",
    "Sold",
    "SoldOut",
    "commit",
    "faults_of",
    "hold",
    "lock",
    "price_faults",
    "quota_of",
    "quotas_of",
    "release",
    "restore",
    "set_aside",
    "set_quota",
]
