"""The four verbs of an activity's quota and of what one member may have of it, keyed by the order's number."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Sum

from apps.base import planned, transactions
from apps.campaigns.models import Quota, Take
from apps.catalog.models import Sku
from mall.errors import Fault, Faulty, Kind, NotFound, ShopError

# One statement, each part of which waits for what the one before it answers: the member's own row first, the row that
# everybody wants last, so that it is locked for the shortest time. Nothing is written where one of them answers nothing.
_HOLD: Final = """
    WITH known AS (SELECT id FROM campaigns_quota WHERE kind = %(kind)s AND key = %(key)s),
    held AS (
        SELECT 1 FROM campaigns_take
         WHERE order_no = %(order_no)s AND verb = 'hold' AND quota_id = (SELECT id FROM known)),
    mine AS (
        INSERT INTO campaigns_memberunits AS of_member (quota_id, member_id, units)
        SELECT id, %(member_id)s, %(units)s FROM known
         WHERE NOT EXISTS (SELECT 1 FROM held) AND (%(limit)s::int IS NULL OR %(units)s <= %(limit)s::int)
        ON CONFLICT (quota_id, member_id) DO UPDATE SET units = of_member.units + %(units)s
         WHERE %(limit)s::int IS NULL OR of_member.units + %(units)s <= %(limit)s::int
        RETURNING quota_id),
    noted AS (
        INSERT INTO campaigns_take (quota_id, order_no, member_id, verb, cause, units, at)
        SELECT quota_id, %(order_no)s, %(member_id)s, 'hold', '', %(units)s, %(at)s FROM mine
        RETURNING quota_id),
    taken AS (
        UPDATE campaigns_quota SET taken = taken + %(units)s, set_aside = set_aside - %(of_aside)s
         WHERE id = (SELECT quota_id FROM noted) AND set_aside >= %(of_aside)s
           AND (quota IS NULL OR taken + %(units)s + set_aside - %(of_aside)s <= quota)
        RETURNING id)
    SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM held),
           (SELECT count(*) FROM mine), (SELECT count(*) FROM taken)
"""
_USED: Final = """
    SELECT units FROM campaigns_memberunits WHERE member_id = %s
       AND quota_id = (SELECT id FROM campaigns_quota WHERE kind = %s AND key = %s)
"""
_GIVE_BACK: Final = """
    WITH noted AS (
        INSERT INTO campaigns_take (quota_id, order_no, member_id, verb, cause, units, at)
        SELECT quota_id, order_no, member_id, %(verb)s, %(cause)s, -%(units)s, %(at)s
          FROM campaigns_take WHERE order_no = %(order_no)s AND quota_id = %(quota_id)s AND verb = 'hold'
        RETURNING quota_id, member_id),
    mine AS (
        UPDATE campaigns_memberunits AS of_member SET units = of_member.units - %(units)s FROM noted
         WHERE of_member.quota_id = noted.quota_id AND of_member.member_id = noted.member_id
        RETURNING of_member.quota_id)
    UPDATE campaigns_quota SET taken = taken - %(units)s WHERE id = (SELECT quota_id FROM mine)
"""


_SET_ASIDE: Final = """
    UPDATE campaigns_quota SET set_aside = set_aside + %(units)s
     WHERE kind = %(kind)s AND key = %(key)s AND set_aside + %(units)s >= 0
       AND (quota IS NULL OR %(units)s <= 0 OR taken + set_aside + %(units)s <= quota)
"""


class SoldOut(ShopError):
    """Not so many units of the activity are left; ``details`` has how many are, where that is known."""

    code = "activity_sold_out"
    message = "活动商品已抢光"
    kind = Kind.CONFLICT


class LimitReached(ShopError):
    """A member would have more than one may, unpaid orders included; ``details``: ``limit``, ``used``."""

    code = "activity_limit_reached"
    message = "已达到此活动的限购数量"
    kind = Kind.CONFLICT


class QuotaTooSmall(Faulty):
    """The new quota is less than what is taken already."""

    code = "quota_too_small"


def set_quota(
    *, kind: str, key: str, quota: int | None, sku_id: int | None = None, field: str = "quota"
) -> None:
    """Set how many units can be had, None for any number. Raises QuotaTooSmall where more are taken already.

    The fault stands at ``field`` and names the SKU, where a campaign has a quota for each.
    """
    transactions.require()
    row, made = Quota.objects.select_for_update().get_or_create(kind=kind, key=key, defaults={"quota": quota})
    if made or row.quota == quota:
        return
    spoken_for = row.taken + row.set_aside
    if quota is not None and quota < spoken_for:
        raise QuotaTooSmall([Fault(field, f"{_named(sku_id)}总量不能少于已占用的 {spoken_for} 件")])
    Quota.objects.filter(pk=row.pk).update(quota=quota)


def _named(sku_id: int | None) -> str:
    sku = Sku.objects.filter(pk=sku_id).select_related("product").first() if sku_id is not None else None
    return f"「{sku.product.title}」（{sku.code}）" if sku else ""


def lock(*, kind: str, key: str) -> Quota:
    """Lock a quota and return it: while the caller's transaction lasts nobody takes or gives back any of it.

    Raises NotFound for a quota that nobody set.
    """
    transactions.require()
    row = Quota.objects.select_for_update().filter(kind=kind, key=key).first()
    if row is None:
        raise NotFound
    return row


def set_aside(*, kind: str, key: str, units: int) -> bool:
    """Keep so many untaken units for whoever has a right to them, or (negative) keep so many no longer.

    False, and nothing is changed, where there are not so many.
    """
    transactions.require()
    with connection.cursor() as cursor:
        cursor.execute(_SET_ASIDE, {"kind": kind, "key": key, "units": units})
        return bool(cursor.rowcount)


def quota_of(*, kind: str, key: str) -> int | None:
    """How many units can be had in all, None for any number: one statement."""
    return Quota.objects.filter(kind=kind, key=key).values_list("quota", flat=True).first()


def quotas_of(*, kind: str, keys: Collection[str]) -> dict[str, int | None]:
    """How many units can be had in all of each of these, None for any number: one statement."""
    return dict(Quota.objects.filter(kind=kind, key__in=list(keys)).values_list("key", "quota"))


def hold(
    *,
    kind: str,
    key: str,
    order_no: str,
    member_id: int,
    units: int,
    limit: int | None,
    at: datetime,
    of_aside: int = 0,
) -> None:
    """Take units for an unpaid order: one statement. Holding again for the same order changes nothing.

    ``limit`` is how many the member may have in all; ``of_aside`` of the units are some that were set aside for
    the member. Raises NotFound for a quota that nobody set, LimitReached, SoldOut; the caller's transaction must
    then be rolled back.
    """
    transactions.require()
    told: dict[str, Any] = {
        "kind": kind,
        "key": key,
        "order_no": order_no,
        "member_id": member_id,
        "units": units,
        "of_aside": of_aside,
        "limit": limit,
        "at": at,
    }
    known, held, mine, taken = planned.row(_HOLD, told)
    if not known:
        raise NotFound
    if held:
        return
    if not mine:
        with connection.cursor() as cursor:
            cursor.execute(_USED, [member_id, kind, key])
            used = cursor.fetchone()
        raise LimitReached(details={"limit": limit, "used": used[0] if used else 0})
    if not taken:
        raise SoldOut


def commit(*, order_no: str, at: datetime) -> None:
    """Note that the order is paid; nothing is taken or given back. Safe to repeat."""
    transactions.require()
    Take.objects.bulk_create(
        [
            Take(
                quota_id=held.quota_id,
                order_no=order_no,
                member_id=held.member_id,
                verb=Take.Verb.COMMIT,
                units=0,
                at=at,
            )
            for held in Take.objects.filter(order_no=order_no, verb=Take.Verb.HOLD).order_by("quota_id")
        ],
        ignore_conflicts=True,
    )


def release(*, order_no: str, at: datetime) -> int:
    """Give back what an unpaid order holds; return how many units came back. Safe to repeat."""
    return _give_back(order_no=order_no, verb=Take.Verb.RELEASE, cause="", units=None, at=at)


def restore(*, order_no: str, units: int, cause: str, at: datetime, key: str | None = None) -> int:
    """Give back so many units of a paid order, at most what it still has; once for each cause (a refund's number).

    ``key`` names the quota where the order took of several. Returns how many units came back.
    """
    return _give_back(order_no=order_no, verb=Take.Verb.RESTORE, cause=cause, units=units, key=key, at=at)


def _give_back(
    *, order_no: str, verb: str, cause: str, units: int | None, at: datetime, key: str | None = None
) -> int:
    """Under the order's lock, which the caller has: what an order still has of each quota is what its rows leave."""
    transactions.require()
    mine = Take.objects.filter(order_no=order_no)
    if key is not None:
        mine = mine.filter(quota__key=key)
    if mine.filter(verb=verb, cause=cause).exists():
        return 0
    given_back = 0
    left = mine.order_by("quota_id").values("quota_id").annotate(units=Sum("units"))
    for row in left:
        back = row["units"] if units is None else min(units, row["units"])
        if back <= 0:
            continue
        told: dict[str, Any] = {
            "order_no": order_no,
            "quota_id": row["quota_id"],
            "verb": verb,
            "cause": cause,
            "units": back,
            "at": at,
        }
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, told)
        given_back += back
    return given_back
