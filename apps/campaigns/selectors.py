"""Read what campaigns share: how much of a quota is left, what a member has of it, what is announced."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.campaigns.kept import Shown, everything_shown, shown
from apps.campaigns.models import MemberUnits, Quota, SkuWindow

__all__ = [
    "Room",
    "Shown",
    "Unbalanced",
    "everything_shown",
    "left",
    "room_for",
    "shown",
    "speaking_for",
    "taken",
    "unbalanced",
]

_UNBALANCED: Final = """
    SELECT q.kind || ':' || q.key, q.taken, COALESCE(t.units, 0)
      FROM campaigns_quota q
      LEFT JOIN (SELECT quota_id, SUM(units) AS units FROM campaigns_take GROUP BY quota_id) t ON t.quota_id = q.id
     WHERE q.taken <> COALESCE(t.units, 0)
    UNION ALL
    SELECT q.kind || ':' || q.key || ' member ' || member_id, COALESCE(m.units, 0), COALESCE(t.units, 0)
      FROM campaigns_memberunits m
      FULL JOIN (SELECT quota_id, member_id, SUM(units) AS units FROM campaigns_take GROUP BY quota_id, member_id) t
           USING (quota_id, member_id)
      JOIN campaigns_quota q ON q.id = quota_id
     WHERE COALESCE(m.units, 0) <> COALESCE(t.units, 0)
     ORDER BY 1
"""


class Unbalanced(NamedTuple):
    """A counter and what its ledger says."""

    what: str
    units: int
    booked: int


def left(*, kind: str, keys: Collection[str]) -> dict[str, int | None]:
    """How many units of each quota can still be had by everybody, None for any number: one statement."""
    rows = Quota.objects.filter(kind=kind, key__in=list(keys)).values_list(
        "key", "quota", "taken", "set_aside"
    )
    return {key: None if quota is None else quota - taken - aside for key, quota, taken, aside in rows}


def taken(*, kind: str, keys: Collection[str]) -> dict[str, int]:
    """How many units of each quota are taken, held ones included: one statement."""
    return dict(Quota.objects.filter(kind=kind, key__in=list(keys)).values_list("key", "taken"))


class Room(NamedTuple):
    """How many units of a quota are left, None for any number, and how many of it the member has, unpaid ones included."""

    left: int | None
    used: int


def room_for(*, member_id: int, kind: str, key: str) -> Room:
    """What a member finds of one quota: one statement. A quota that nobody set has nothing left."""
    mine = MemberUnits.objects.filter(quota=OuterRef("pk"), member_id=member_id).values("units")
    rows = Quota.objects.filter(kind=kind, key=key).annotate(used=Coalesce(Subquery(mine), 0))
    found = rows.values_list("quota", "taken", "used").first()
    if found is None:
        return Room(0, 0)
    quota, taken, used = found
    return Room(None if quota is None else quota - taken, used)


def speaking_for(*, product_id: int, at: datetime) -> list[tuple[str, str]]:
    """Which campaigns speak for SKUs of a product at this moment or later: kind and id, the soonest first. One statement."""
    windows = SkuWindow.objects.filter(sku__product_id=product_id, ends_at__gt=at).order_by("starts_at", "id")
    return list(dict.fromkeys(windows.values_list("kind", "activity_id")))


def unbalanced() -> list[Unbalanced]:
    """Every quota, and every member's part of one, that differs from its ledger: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_UNBALANCED)
        return [Unbalanced(*row) for row in cursor.fetchall()]
