"""Which tallies a promotion keeps, in the order in which all lock them; what orders took, locked, and how it comes back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from apps.base import planned
from apps.promotions.models import Promotion, Usage

# The limit's column, and whether its tally is of one member and of one day. In this order tallies are locked:
# those that fewer orders share first.
LIMITS: Final = (
    ("limit_per_member_day", True, True),
    ("limit_per_member", True, False),
    ("limit_per_day", False, True),
    ("limit_total", False, False),
)
_LIMIT_PLACES: Final = {(by_member, by_day): place for place, (_, by_member, by_day) in enumerate(LIMITS)}
_COLUMNS: Final = [field.attname for field in Usage._meta.concrete_fields]
_LOCK: Final = f"""
    SELECT {", ".join(_COLUMNS)} FROM promotions_usage
     WHERE order_no = ANY(%s::text[]) AND verb = 'hold'
     ORDER BY order_no, promotion_id
       FOR NO KEY UPDATE
"""  # noqa: S608 -- columns of our own
_VERBS: Final = "SELECT order_no, verb FROM promotions_usage WHERE order_no = ANY(%s::text[])"
# What many orders took comes back in one statement, which locks the tallies in the order of ``hold``. Each tally is looked
# for by the columns that it has: an index knows no NOT DISTINCT.
_GIVE_BACK: Final = """
    WITH given AS MATERIALIZED (
        SELECT place, promotion_id, member_id, day, uses, units, last
          FROM unnest(%(promotion_ids)s::bigint[], %(member_ids)s::bigint[], %(days)s::date[], %(uses)s::int[],
                      %(units)s::int[], %(lasts)s::int[]) WITH ORDINALITY
               AS told (promotion_id, member_id, day, uses, units, last, place)
    ), found AS MATERIALIZED (
        SELECT tally.id, given.* FROM given JOIN promotions_tally AS tally
            ON tally.promotion_id = given.promotion_id AND tally.member_id = given.member_id AND tally.day = given.day
         UNION ALL
        SELECT tally.id, given.* FROM given JOIN promotions_tally AS tally
            ON tally.promotion_id = given.promotion_id AND tally.member_id = given.member_id
           AND given.day IS NULL AND tally.day IS NULL
         UNION ALL
        SELECT tally.id, given.* FROM given JOIN promotions_tally AS tally
            ON tally.promotion_id = given.promotion_id AND given.member_id IS NULL AND tally.member_id IS NULL
           AND tally.day = given.day
         UNION ALL
        SELECT tally.id, given.* FROM given JOIN promotions_tally AS tally
            ON tally.promotion_id = given.promotion_id AND given.member_id IS NULL AND tally.member_id IS NULL
           AND given.day IS NULL AND tally.day IS NULL
    ), locked AS MATERIALIZED (
        SELECT tally.id, found.uses, found.units, found.last
          FROM promotions_tally AS tally JOIN found ON found.id = tally.id
         ORDER BY found.place FOR NO KEY UPDATE OF tally
    )
    UPDATE promotions_tally AS tally
       SET uses = GREATEST(tally.uses - locked.uses, 0),
           units = GREATEST(tally.units - locked.units, 0),
           filled_at = CASE WHEN tally.units - locked.units >= locked.last THEN tally.filled_at END
      FROM locked WHERE tally.id = locked.id
"""
# What taking and giving back asks of a promotion.
_SHARE: Final = """
    SELECT id, kind, steps, limit_total, limit_per_day, limit_per_member, limit_per_member_day
      FROM promotions_promotion WHERE id = ANY(%s) ORDER BY id FOR SHARE
"""


def counted(promotion: Promotion) -> Iterator[tuple[int | None, bool, bool]]:
    """The tallies that a promotion keeps: each with its limit, by member or not, by day or not."""
    for column, by_member, by_day in LIMITS:
        limit = getattr(promotion, column)
        if limit is not None or (
            promotion.kind == Promotion.Kind.STEP_PRICE and not by_member and not by_day
        ):
            yield limit, by_member, by_day


def share(promotion_ids: Sequence[int]) -> dict[int, Promotion]:
    """The promotions, kept from being changed (``recount``) until the end of the transaction."""
    return {row.pk: row for row in Promotion.objects.raw(_SHARE, [list(promotion_ids)])}


def locked(order_no: str) -> tuple[list[Usage], set[str]]:
    """The uses that the order took, locked, and all that became of them since."""
    held, verbs = lock([order_no])
    return held, verbs[order_no]


def lock(order_nos: Collection[str]) -> tuple[list[Usage], dict[str, set[str]]]:
    """The uses that these orders took, locked, and by order all that became of them since, read under the lock.

    Of orders that took none nothing can have become, and nothing more is asked.
    """
    held = [Usage.from_db(connection.alias, _COLUMNS, row) for row in planned.rows(_LOCK, [list(order_nos)])]
    verbs: dict[str, set[str]] = {order_no: set() for order_no in order_nos}
    for order_no, verb in planned.rows(_VERBS, [list(order_nos)]) if held else ():
        verbs[order_no].add(verb)
    return held, verbs


def give_back(held: Collection[Usage], verb: Usage.Verb, *, at: datetime) -> None:
    """Give back these uses, of whichever orders: tallies are locked as ``hold`` does: by promotion, limit, member, day."""
    if not held:
        return
    promotions = share(sorted({use.promotion_id for use in held}))
    sums: dict[tuple[Any, ...], list[int]] = {}
    for use in held:
        promotion = promotions[use.promotion_id]
        stepped = promotion.kind == Promotion.Kind.STEP_PRICE
        for _, by_member, by_day in counted(promotion):
            place = _LIMIT_PLACES[by_member, by_day]
            key = (promotion.pk, place, use.member_id if by_member else 0, use.day if by_day else date.min)
            back = sums.setdefault(key, [0, 0])
            back[0] += 1
            back[1] += use.units if stepped and not by_member and not by_day else 0
    if sums:
        _lower(sums, promotions)
    Usage.objects.bulk_create(reversed_of(held, verb, sign=-1, at=at))


def _lower(sums: dict[tuple[Any, ...], list[int]], promotions: dict[int, Promotion]) -> None:
    """Lower the tallies by (promotion, place of its limit, member or 0, day or the first of all) by uses and units."""
    keys = sorted(sums)
    counted = [promotions[key[0]] for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVE_BACK,
            {
                "promotion_ids": [key[0] for key in keys],
                "member_ids": [key[2] or None for key in keys],
                "days": [None if key[3] == date.min else key[3] for key in keys],
                "uses": [sums[key][0] for key in keys],
                "units": [sums[key][1] for key in keys],
                "lasts": [
                    one.steps[-1][0] if one.kind == Promotion.Kind.STEP_PRICE else 0 for one in counted
                ],
            },
        )


def reversed_of(held: Collection[Usage], verb: Usage.Verb, *, sign: int, at: datetime) -> list[Usage]:
    """A ledger row for each use: with ``sign`` -1 it takes the use back, with 0 it only notes the verb."""
    return [
        Usage(
            promotion_id=use.promotion_id,
            order_no=use.order_no,
            member_id=use.member_id,
            verb=verb,
            uses=sign * use.uses,
            units=sign * use.units,
            amount_fen=sign * use.amount_fen,
            day=use.day,
            at=at,
        )
        for use in held
    ]
