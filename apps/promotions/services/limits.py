"""The four verbs of a promotion's limits: hold at placing, commit at paying, release at closing, restore at refund.

A use counts where the promotion takes something off (or gives something), once an order. Every use is one
row of the append-only ``Usage``; promotions with a limit are counted in ``Tally`` as well, by one guarded
statement for each limit. All lockers take the tallies in the same order, so that orders queue and never wait
for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Sum

from apps.base import clauses, days, planned, statements, transactions
from apps.base.clauses import Clause, Part
from apps.promotions.models import Promotion, Tally, Usage
from apps.promotions.services import tallies
from mall.errors import Kind, ShopError
from mall.pricing import refs
from mall.pricing.quote import Quote

_TAKE: Final = """
    INSERT INTO promotions_tally AS tally (promotion_id, member_id, day, uses, units)
    VALUES (%s, %s, %s, 1, 0)
    ON CONFLICT (promotion_id, member_id, day) DO UPDATE SET uses = tally.uses + 1 WHERE tally.uses < %s
"""
# A step-up price: the stage that was quoted must still be open; passing the last step starts the hours.
_TAKE_UNITS: Final = """
    INSERT INTO promotions_tally AS tally (promotion_id, member_id, day, uses, units, filled_at)
    VALUES (%(promotion_id)s, NULL, NULL, 0, %(units)s,
            CASE WHEN %(units)s >= %(last)s THEN %(at)s::timestamptz END)
    ON CONFLICT (promotion_id, member_id, day) DO UPDATE
       SET units = tally.units + %(units)s,
           filled_at = CASE WHEN tally.units + %(units)s >= %(last)s
                            THEN COALESCE(tally.filled_at, %(at)s::timestamptz) END
     WHERE %(open_below)s::int IS NULL OR tally.units < %(open_below)s::int
"""
_NOTE: Final = f"""
    INSERT INTO promotions_usage (promotion_id, order_no, member_id, verb, uses, units, amount_fen, day, at)
    SELECT promotion_id, %(order_no)s, %(member_id)s, '{Usage.Verb.HOLD}', 1, units, amount_fen, %(day)s, %(at)s
      FROM unnest(%(promotion_ids)s::bigint[], %(promoted_units)s::int[], %(amounts_fen)s::bigint[])
           AS use (promotion_id, units, amount_fen)
"""  # noqa: S608 -- likewise
# Nearly every promotion is counted in no tally: then its uses are noted together with the locks that keep its limits as
# they are. Where one of them is counted, or gone, nothing is noted yet.
_UNCOUNTED: Final = f"""
    uses_before AS MATERIALIZED (
        SELECT EXISTS (SELECT 1 FROM promotions_usage WHERE order_no = {{order_no}} AND verb = '{Usage.Verb.HOLD}') AS held
    ), uses_shared AS MATERIALIZED (
        SELECT kind <> '{Promotion.Kind.STEP_PRICE}' AND num_nonnulls(
                   limit_total, limit_per_day, limit_per_member, limit_per_member_day) = 0 AS uncounted
          FROM promotions_promotion WHERE id = ANY({{promotion_ids}}) AND {{after}} ORDER BY id FOR SHARE
    ), uses_noted AS (
        INSERT INTO promotions_usage (promotion_id, order_no, member_id, verb, uses, units, amount_fen, day, at)
        SELECT use.id, {{order_no}}, {{member_id}}, '{Usage.Verb.HOLD}', 1, use.units, use.amount_fen, {{day}}, {{at}}
          FROM unnest({{promotion_ids}}, {{promoted_units}}, {{amounts_fen}}) AS use (id, units, amount_fen)
         WHERE NOT (SELECT held FROM uses_before)
           AND (SELECT count(*) FILTER (WHERE uncounted) FROM uses_shared) = cardinality({{promotion_ids}})
        RETURNING id
    )
"""  # noqa: S608 -- words of our own
_NOTED: Final = ("(SELECT held FROM uses_before)", "(SELECT count(*) > 0 FROM uses_noted)")
_NOTE_UNCOUNTED: Final = Part(
    _UNCOUNTED,
    done=f"({' OR '.join(_NOTED)})",
    answers=_NOTED,
    types={
        "order_no": "text",
        "member_id": "bigint",
        "at": "timestamptz",
        "day": "date",
        "promotion_ids": "bigint[]",
        "promoted_units": "int[]",
        "amounts_fen": "bigint[]",
    },
)

# Of an order that is locked nobody else changes the uses, so that what became of them is read with their locks. Where
# something did, ``commit`` looks again under the locks.
_COMMIT: Final = Part(
    f"""
    uses_held AS MATERIALIZED (
        SELECT promotion_id, member_id, day FROM promotions_usage
         WHERE order_no = {{order_no}} AND verb = '{Usage.Verb.HOLD}' AND {{after}}
         ORDER BY promotion_id FOR NO KEY UPDATE
    ), uses_committed AS (
        INSERT INTO promotions_usage (promotion_id, order_no, member_id, verb, uses, units, amount_fen, day, at)
        SELECT promotion_id, {{order_no}}, member_id, '{Usage.Verb.COMMIT}', 0, 0, 0, day, {{at}}
          FROM uses_held
         WHERE NOT EXISTS (SELECT FROM promotions_usage
                            WHERE order_no = {{order_no}} AND verb <> '{Usage.Verb.HOLD}')
        RETURNING id
    )
    """,  # noqa: S608 -- words of our own
    done="(SELECT count(*) FROM uses_held) = (SELECT count(*) FROM uses_committed)",
    answers=("(SELECT count(*) FROM uses_held) = (SELECT count(*) FROM uses_committed)",),
    types={"order_no": "text", "at": "timestamptz"},
)


class LimitReached(ShopError):
    """A promotion of the quote cannot be used again; ``details`` has its ``ref``. A new quote leaves it out."""

    code = "promotion_limit_reached"
    message = "活动名额已用完，价格有变动"
    kind = Kind.CONFLICT


class TooManyUnpaidUses(ShopError):
    """One buyer would hold more uses of a scarce promotion without having paid than anybody may.

    ``details``: the promotion's ``ref``, the ``order_nos`` that hold the others, and the ``max``.
    """

    code = "too_many_unpaid_uses"
    message = "您待付款的订单已占用该活动名额，请先付款或取消"
    kind = Kind.CONFLICT


class UsageConflict(ShopError):
    """The promotions of this order are not in the state that the call needs, so nothing was changed."""

    code = "promotion_usage_conflict"
    message = "活动使用状态与订单不一致，操作未执行"
    kind = Kind.CONFLICT


class Use(NamedTuple):
    """What an order takes of a promotion: its reduction in fen (0 for gifts), and the pieces it was taken on."""

    promotion_id: int
    stage: int | None
    ref: str
    amount_fen: int
    units: int


def uses_of(quote: Quote) -> list[Use]:
    """The promotions that a quote uses: those that take something off, waive freight or give a gift."""
    units: dict[str, int] = {}
    for item in quote.items:
        for reduction in item.reductions:
            units[reduction.ref] = units.get(reduction.ref, 0) + item.quantity
    amounts_fen = {reduction.ref: reduction.amount_fen for reduction in quote.applied if reduction.amount_fen}
    for gift in quote.gifts:
        if gift.quantity:
            amounts_fen.setdefault(gift.ref, 0)
    return sorted(
        Use(int(named.key), named.stage, ref, amount_fen, units.get(ref, 0))
        for ref, amount_fen in amounts_fen.items()
        if (named := refs.read(ref)) is not None and named.kind == refs.PROMOTION
    )


def hold(
    *, order_no: str, member_id: int, quote: Quote, most_unpaid: int | None = None, at: datetime
) -> None:
    """Take the uses that the quote makes of promotions, all or none: they count from now on.

    Of a promotion whose uses are counted for all buyers together, one member's unpaid orders have ``most_unpaid``
    at most. Holding again for the same order changes nothing. One statement where none of them is counted; else two
    more, one for each limit, and one for all promotions of that kind. Must run inside a transaction. Raises
    LimitReached and TooManyUnpaidUses, with nothing taken.
    """
    transactions.require()
    if uses := uses_of(quote):
        clause = holding(order_no=order_no, member_id=member_id, uses=uses, most_unpaid=most_unpaid, at=at)
        clauses.run([clause])


def holding(
    *, order_no: str, member_id: int, uses: Sequence[Use], most_unpaid: int | None, at: datetime
) -> Clause:
    """The clause of ``hold``, of some uses: done where none of these promotions is counted."""
    told: dict[str, Any] = {
        "order_no": order_no,
        "member_id": member_id,
        "at": at,
        "day": days.shop_day(at),
        "promotion_ids": [use.promotion_id for use in uses],
        "promoted_units": [use.units for use in uses],
        "amounts_fen": [use.amount_fen for use in uses],
    }

    def settle(held_before: bool, noted: bool) -> bool:
        if held_before or noted:
            return True
        _take_all(uses, member_id=member_id, most_unpaid=most_unpaid, day=told["day"], at=at)
        planned.rows(_NOTE, told)
        return False

    return Clause(_NOTE_UNCOUNTED, told, settle)


def _take_all(
    uses: Sequence[Use], *, member_id: int, most_unpaid: int | None, day: date, at: datetime
) -> None:
    """Take what the uses are counted in. Raises LimitReached, TooManyUnpaidUses."""
    promotions = tallies.share([use.promotion_id for use in uses])
    for use in uses:
        promotion = promotions.get(use.promotion_id)
        if promotion is None or not _take(promotion, use, member_id=member_id, day=day, at=at):
            transaction.set_rollback(True)
            raise LimitReached(details={"ref": use.ref})
    if most_unpaid is not None:
        shared = [use for use in uses if _shared(promotions[use.promotion_id])]
        _refuse_too_many_unpaid(shared, member_id=member_id, at_most=most_unpaid)


def commit(*, order_no: str, at: datetime) -> None:
    """Note that the order is paid for. Committing again, or an order without promotions, changes nothing.

    Raises UsageConflict where the uses were given back: the payment is then a surplus.
    """
    transactions.require()
    held, verbs = tallies.locked(order_no)
    if verbs & {Usage.Verb.RELEASE, Usage.Verb.RESTORE}:
        raise UsageConflict(details={"order_no": order_no})
    if held and Usage.Verb.COMMIT not in verbs:
        statements.insert(tallies.reversed_of(held, Usage.Verb.COMMIT, sign=0, at=at))


def committing(*, order_no: str, at: datetime) -> Clause:
    """The clause of ``commit``, for whoever has locked the order: done where nothing became of its uses since."""

    def settle(committed: bool) -> bool:
        if not committed:
            commit(order_no=order_no, at=at)
        return committed

    return Clause(_COMMIT, {"order_no": order_no, "at": at}, settle)


def release(*, order_no: str, at: datetime) -> None:
    """Give back the uses of an unpaid order. Releasing again changes nothing.

    Raises UsageConflict once they are committed: those come back through ``restore``.
    """
    release_many(order_nos=[order_no], at=at)


def release_many(*, order_nos: Collection[str], at: datetime) -> None:
    """Give back the uses of each of these unpaid orders, likewise, all or none: five statements, however many orders."""
    transactions.require()
    held, verbs = tallies.lock(order_nos)
    for order_no in order_nos:
        if verbs[order_no] & {Usage.Verb.COMMIT, Usage.Verb.RESTORE}:
            raise UsageConflict(details={"order_no": order_no})
    open_uses = [use for use in held if Usage.Verb.RELEASE not in verbs[use.order_no]]
    tallies.give_back(open_uses, Usage.Verb.RELEASE, at=at)


def restore(*, order_no: str, at: datetime) -> None:
    """Give back the uses of a paid order that was refunded whole. Restoring again changes nothing.

    Raises UsageConflict where they are not committed.
    """
    transactions.require()
    held, verbs = tallies.locked(order_no)
    if not held or Usage.Verb.RESTORE in verbs:
        return
    if Usage.Verb.COMMIT not in verbs:
        raise UsageConflict(details={"order_no": order_no})
    tallies.give_back(held, Usage.Verb.RESTORE, at=at)


@transaction.atomic
def recount(*, promotion_id: int, at: datetime) -> None:
    """Count a promotion's tallies anew from the ledger: after its limits or its steps were changed.

    Orders that are being placed with it wait until this is done, and are counted by it or by themselves.
    """
    promotion = Promotion.objects.select_for_update().get(pk=promotion_id)
    before = Tally.objects.filter(promotion=promotion, member=None, day=None).first()
    filled_at = (before.filled_at if before else None) or at
    Tally.objects.filter(promotion=promotion).delete()
    for by_member, by_day in sorted(
        {(by_member, by_day) for _, by_member, by_day in tallies.counted(promotion)}
    ):
        keys = [name for name, wanted in (("member_id", by_member), ("day", by_day)) if wanted]
        sums = (
            Usage.objects.filter(promotion=promotion)
            .order_by()
            .values("promotion_id", *keys)
            .annotate(total=Sum("uses"), pieces=Sum("units"))
        )
        Tally.objects.bulk_create(
            Tally(
                promotion=promotion,
                member_id=row.get("member_id"),
                day=row.get("day"),
                uses=row["total"],
                units=0 if keys else row["pieces"],
                filled_at=filled_at if not keys and _filled(promotion, row["pieces"]) else None,
            )
            for row in sums
            if row["total"]
        )


def _shared(promotion: Promotion) -> bool:
    """Whether a use that one buyer has is one that another cannot have."""
    return promotion.limit_total is not None or promotion.limit_per_day is not None


def _refuse_too_many_unpaid(uses: Sequence[Use], *, member_id: int, at_most: int) -> None:
    """Count what the member holds of these, now that their tallies are locked: nobody else is taking any.

    Orders of which only the hold is known are neither paid nor closed.
    """
    if not uses:
        return
    held: dict[int, list[str]] = {}
    unpaid = (
        Usage.objects.filter(promotion_id__in=[use.promotion_id for use in uses], member_id=member_id)
        .order_by("promotion_id", "order_no")
        .values_list("promotion_id", "order_no")
        .annotate(verbs=Count("id"))
        .filter(verbs=1)
    )
    for promotion_id, order_no, _ in unpaid:
        held.setdefault(promotion_id, []).append(order_no)
    for use in uses:
        if len(order_nos := held.get(use.promotion_id, [])) >= at_most:
            transaction.set_rollback(True)
            raise TooManyUnpaidUses(details={"ref": use.ref, "order_nos": order_nos, "max": at_most})


def _filled(promotion: Promotion, units: int) -> bool:
    """Whether so many units pass the last step of a step-up price."""
    return promotion.kind == Promotion.Kind.STEP_PRICE and units >= promotion.steps[-1][0]


def _take(promotion: Promotion, use: Use, *, member_id: int, day: date, at: datetime) -> bool:
    """Take one use of each of the promotion's limits, and the units of a step-up price; whether all were free."""
    with connection.cursor() as cursor:
        for limit, by_member, by_day in tallies.counted(promotion):
            if limit is None:
                continue
            cursor.execute(
                _TAKE, [promotion.pk, member_id if by_member else None, day if by_day else None, limit]
            )
            if cursor.rowcount != 1:
                return False
        if promotion.kind != Promotion.Kind.STEP_PRICE:
            return True
        bounds = [units for units, _ in promotion.steps]
        open_below = bounds[use.stage] if use.stage is not None and use.stage < len(bounds) else None
        cursor.execute(
            _TAKE_UNITS,
            {
                "promotion_id": promotion.pk,
                "units": use.units,
                "last": bounds[-1],
                "open_below": open_below,
                "at": at,
            },
        )
        return bool(cursor.rowcount == 1)
