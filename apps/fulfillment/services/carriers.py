"""The carriers that WeChat knows, kept here so that shipping needs no call."""

from __future__ import annotations

from collections.abc import Collection

from apps.base import transactions
from apps.fulfillment.models import Carrier
from apps.wechat import shipping

_LONGEST = 40


def refresh() -> int:
    """Fetch WeChat's list and add or rename; none is removed, because parcels name them. Returns how many.

    An id that is listed twice, or too long to be kept whole, would make the list useless; names may be cut.
    """
    transactions.forbid("asking WeChat for its carriers")
    listed = {one.id: one for one in shipping.carriers() if len(one.id) <= _LONGEST}
    Carrier.objects.bulk_create(
        [Carrier(code=one.id, name=one.name[:_LONGEST]) for one in listed.values()],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )
    return len(listed)


def set_common(*, codes: Collection[str], common: bool) -> int:
    """Put carriers at the top of the list, or take them from there. Returns how many were elsewhere."""
    return Carrier.objects.filter(code__in=codes, common=not common).update(common=common)
