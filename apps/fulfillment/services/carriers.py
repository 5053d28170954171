"""The carriers that WeChat knows, kept here so that shipping needs no call."""

from __future__ import annotations

from apps.base import transactions
from apps.fulfillment.models import Carrier
from apps.wechat import shipping


def refresh() -> int:
    """Fetch WeChat's list and add or rename; none is removed, because parcels name them. Returns how many."""
    transactions.forbid("asking WeChat for its carriers")
    listed = shipping.carriers()
    Carrier.objects.bulk_create(
        [Carrier(code=one.id[:40], name=one.name[:40]) for one in listed],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )
    return len(listed)
