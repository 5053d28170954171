"""Promotions as each process keeps them: compiled into offers once, and again when one of them changed.

Only what orders write is read anew at each call: which limits are used up, and how far a step-up price has come. Where
no running promotion has a limit or steps, that costs no statement.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.base import days, planned, versions
from apps.promotions import member_days, terms
from apps.promotions.models import LevelPrice, MemberDay, Promotion, PromotionSku
from apps.promotions.terms import Part, Terms
from apps.promotions.trials import LIMITS
from mall.errors import ShopError
from mall.pricing import hearing, refs
from mall.pricing.basket import Line
from mall.pricing.offers import Offer

log = structlog.get_logger(__name__)

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
# What stands in the place of a limit that is used up where a promotion is for others.
FOR_OTHERS: Final = "group"
# What a buyer is told of a promotion that is for others, or whose limit is used up.
_REFUSED: Final = {
    FOR_OTHERS: "此活动仅限指定会员参加",
    "limit_total": "活动名额已用完",
    "limit_per_day": "今天的活动名额已用完",
    "limit_per_member": "您已达到此活动的参与次数",
    "limit_per_member_day": "您今天已达到此活动的参与次数",
}
# One lookup by the whole key for each sort of tally: a promotion may have a tally for every member.
_TALLIES: Final = {
    (by_member, by_day): f"""
        SELECT promotion_id, {by_member}, {by_day}, uses, units, filled_at FROM promotions_tally
         WHERE promotion_id = ANY(%(ids)s)
           AND member_id {"= %(member_id)s" if by_member else "IS NULL"} AND day {"= %(day)s" if by_day else "IS NULL"}
    """  # noqa: S608 -- two booleans of our own
    for by_member in (False, True)
    for by_day in (False, True)
}


@dataclass(frozen=True, slots=True)
class Row:
    """A promotion that is switched on: when and to whom it is offered, its terms, and its offer.

    ``offer`` is None where it depends on more than the row, as a step-up price does on its sales; ``told`` is the offer as
    others hear of it, who buy other goods, and ``stranger`` what they hear.
    ``limits`` are those that it has, in the order in which they are said to be used up.
    """

    promotion_id: int
    starts_at: datetime
    ends_at: datetime
    preheat_at: datetime | None
    member_day: MemberDay | None
    group_id: int | None
    limits: tuple[tuple[str, bool, bool, int], ...]
    terms: Terms
    offer: Offer | None
    told: Offer
    stranger: hearing.Stranger
    gift_ids: tuple[int, ...]
    # Which tallies bind it: of one member or not, of one day or not.
    sorts: frozenset[tuple[bool, bool]]

    def made_on(self, day: date) -> bool:
        """Whether the offer is made on a Shanghai day."""
        return self.member_day is None or member_days.falls_on(self.member_day, day)

    @property
    def binds_all(self) -> bool:
        """Whether a tally of everybody binds it, in all or of a day."""
        return (False, False) in self.sorts or (False, True) in self.sorts


class Board(NamedTuple):
    """The promotions that end after ``since``, by id; and the ids of those that tallies of everybody bind.

    ``means`` knows them by their places in ``rows``; ``narrow`` are the places of those that do not mean
    everything, in the order in which a quote tells that they are for other goods.
    """

    since: datetime
    rows: tuple[Row, ...]
    bound: tuple[int, ...]
    means: hearing.Index
    narrow: tuple[int, ...]


class Counted(NamedTuple):
    """A tally as it is now."""

    uses: int
    units: int
    filled_at: datetime | None


# By promotion, of one member or not, of one day or not.
Tallies = Mapping[tuple[int, bool, bool], Counted]


def rows(*, at: datetime) -> tuple[Row, ...]:
    """The promotions that are switched on and have not ended at this moment, those to come included, by id."""
    return _BOARD.value_at(at).rows


class Split(NamedTuple):
    """Promotions by whether they mean any of some goods; those ``elsewhere`` in the order in which they are told."""

    near: Iterable[Row]
    elsewhere: Iterable[Row]


def split(lines: Iterable[Line], *, at: datetime) -> Split:
    """``rows``, by whether they mean any of these lines."""
    board = _BOARD.value_at(at)
    near = board.means.meaning(lines)
    return Split(
        [board.rows[place] for place in sorted(near)],
        (board.rows[place] for place in board.narrow if place not in near),
    )


def bound() -> tuple[int, ...]:
    """The promotions of which everybody's tallies are asked for, as far as this process knows: no statement.

    What it knows may be out of date, which ``Told`` finds out.
    """
    board = _BOARD.held()
    return board.bound if board else ()


def has_prices(level_id: int) -> bool:
    """Whether the level has prices of its own for any SKU."""
    return level_id in _PRICED_LEVELS.value()


def days_kept() -> list[MemberDay]:
    """The member days that are switched on."""
    return _DAYS.value()


def tallies_column(ids: str, day: str) -> str:
    """The text of a column of a statement made elsewhere: everybody's tallies, in all and of a day, for ``Told``.

    ``ids`` and ``day`` are the places of a bigint[] and of a date in that statement.
    """
    return f"""(
        SELECT json_agg(json_build_array(promotion_id, day IS NOT NULL, uses, units, filled_at) ORDER BY promotion_id, day)
               ::text
          FROM promotions_tally
         WHERE promotion_id = ANY({ids}) AND member_id IS NULL AND (day IS NULL OR day = {day})
    )"""  # noqa: S608 -- places of our own


@dataclass(frozen=True, slots=True)
class Told:
    """What ``tallies_column`` said of the promotions ``ids`` on a Shanghai day, in a statement that was made anyway."""

    ids: tuple[int, ...]
    day: date
    column: str | None

    def tallies(self, found: Iterable[Row], *, day: date) -> Tallies | None:
        """The tallies of everybody that these promotions are bound by; None where they were not all asked for."""
        if day != self.day or not {row.promotion_id for row in found if row.binds_all}.issubset(self.ids):
            return None
        return {
            (promotion_id, False, by_day): Counted(
                uses, units, datetime.fromisoformat(filled) if filled else None
            )
            for promotion_id, by_day, uses, units, filled in json.loads(self.column or "[]")
        }


def tallies(found: Iterable[Row], *, member_id: int | None, day: date) -> Tallies:
    """The tallies that these promotions are bound by, for this member and this Shanghai day: one statement, if any."""
    wanted: dict[tuple[bool, bool], list[int]] = {}
    for row in found:
        for sort in row.sorts:
            if member_id is not None or not sort[0]:
                wanted.setdefault(sort, []).append(row.promotion_id)
    if not wanted:
        return {}
    told: dict[str, Any] = {"member_id": member_id, "day": day}
    parts = []
    for sort, ids in wanted.items():
        name = f"ids{int(sort[0])}{int(sort[1])}"
        told[name] = ids
        parts.append(_TALLIES[sort].replace("%(ids)s", f"%({name})s"))
    found_rows = planned.rows(" UNION ALL ".join(parts), told)
    return {(row[0], row[1], row[2]): Counted(*row[3:]) for row in found_rows}


def spent(row: Row, counted: Tallies) -> str:
    """The column of the first limit that is used up, empty where none is."""
    for column, by_member, by_day, limit in row.limits:
        tally = counted.get((row.promotion_id, by_member, by_day))
        if tally is not None and tally.uses >= limit:
            return column
    return ""


def offer_of(
    row: Row, counted: Tallies, *, used_up: str, in_stock: Mapping[int, int] | None, at: datetime
) -> Offer | None:
    """What the promotion offers at this moment, None for nothing; no statement.

    ``used_up`` is the limit that keeps the buyer from it, or ``FOR_OTHERS``: the offer says so, and does not apply.
    """
    refused = _REFUSED[used_up] if used_up else ""
    if row.offer is not None and (in_stock is None or not row.gift_ids):
        return replace(row.offer, refused=refused) if refused else row.offer
    sold = counted.get((row.promotion_id, False, False))
    said = replace(
        row.terms,
        refused=refused,
        in_stock=in_stock,
        units=sold.units if sold else 0,
        filled_at=sold.filled_at if sold else None,
    )
    try:
        return terms.offer(said, at=at)
    except ShopError as refusal:
        log.warning("promotion_unusable", promotion_id=row.promotion_id, reason=refusal.text)
        return None


def next_turn(row: Row, counted: Tallies, *, at: datetime, lead: timedelta) -> datetime:
    """The first moment after ``at`` at which the clock alone may change what products show of the promotion.

    Its hours, for whoever comes early by ``lead``, the next Shanghai day where days matter, the next
    rise of a step-up price.
    """
    moments = [row.starts_at - lead, row.ends_at, *([row.preheat_at] if row.preheat_at else [])]
    if row.member_day is not None or (False, True) in row.sorts:
        moments.append(days.day_window(days.shop_day(at))[1])
    sold = counted.get((row.promotion_id, False, False))
    if row.terms.rise_hours and sold is not None and sold.filled_at is not None:
        each = timedelta(hours=row.terms.rise_hours)
        moments.append(sold.filled_at + ((at - sold.filled_at) // each + 1) * each)
    return min(moment for moment in [*moments, _NEVER] if moment > at)


def with_scope_ids(promotions: QuerySet[Promotion]) -> QuerySet[Any]:
    """The rows with all that their terms need, in the same statement, but what orders have counted.

    ``product_ids``, ``sku_ids``, ``category_ids``, ``brand_ids``, ``given`` (gifts and parts of bundles), the member day.
    """
    parts = PromotionSku.objects.filter(promotion_id=OuterRef("pk")).order_by("at_least", "id")
    part = JSONObject(at_least="at_least", sku_id="sku_id", title="sku__product__title", quantity="quantity")
    return promotions.select_related("member_day").annotate(
        product_ids=_ids(Promotion.products.through, "product_id"),
        sku_ids=_ids(Promotion.skus.through, "sku_id"),
        category_ids=_ids(Promotion.categories.through, "category_id"),
        brand_ids=_ids(Promotion.brands.through, "brand_id"),
        given=ArraySubquery(parts.values(part=part)),
    )


def terms_of(row: Any, *, in_stock: Mapping[int, int] | None = None) -> Terms:
    """The terms of a row of ``with_scope_ids``: no statement."""
    return Terms(
        ref=str(refs.promotion(row.pk)),
        product_ids=row.product_ids,
        sku_ids=row.sku_ids,
        category_ids=row.category_ids,
        brand_ids=row.brand_ids,
        parts=[Part(**part) for part in row.given],
        in_stock=in_stock,
        units=getattr(row, "units_sold", None) or 0,
        filled_at=getattr(row, "sold_until", None),
        **{name: getattr(row, name) for name in terms.FIGURES},
    )


def _load(since: datetime) -> Board:
    rows = _compiled(Promotion.objects.filter(ends_at__gt=since))
    narrow = [place for place, row in enumerate(rows) if not hearing.is_for_all(row.told)]
    narrow.sort(key=lambda place: hearing.order(rows[place].told))
    bound = tuple(row.promotion_id for row in rows if row.binds_all)
    return Board(since, rows, bound, hearing.Index([row.told.scope for row in rows]), tuple(narrow))


def _compiled(promotions: QuerySet[Promotion]) -> tuple[Row, ...]:
    """Those that are switched on, each with its offer. What makes none for being set up badly is left out, and logged."""
    made = []
    for row in with_scope_ids(promotions.filter(enabled=True)).select_related("campaign").order_by("id"):
        said = terms_of(row)
        stepped = row.kind == Promotion.Kind.STEP_PRICE
        limits = tuple(
            (column, by_member, by_day, limit)
            for column, by_member, by_day in LIMITS
            if (limit := getattr(row, column)) is not None
        )
        sorts = {(by_member, by_day) for _, by_member, by_day, _ in limits}
        try:
            offer = terms.offer(said, at=row.starts_at)
        except ShopError as refusal:
            log.warning("promotion_unusable", promotion_id=row.pk, reason=refusal.text)
            continue
        if offer is None:  # a step-up price that begins at the list price
            continue
        made.append(
            Row(
                promotion_id=row.pk,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                preheat_at=row.campaign.preheat_at if row.campaign else None,
                member_day=row.member_day,
                group_id=row.group_id,
                limits=limits,
                terms=said,
                offer=None if stepped else offer,
                told=offer,
                stranger=hearing.stranger(offer),
                gift_ids=tuple(part.sku_id for part in said.parts) if row.kind == Promotion.Kind.GIFT else (),
                sorts=frozenset(sorts | {(False, False)} if stepped else sorts),
            )
        )
    return tuple(made)


def _ids(through: Any, column: str) -> ArraySubquery:
    """The ids that a many-to-many of a promotion names, as an array in the promotion's own row."""
    return ArraySubquery(through.objects.filter(promotion_id=OuterRef("pk")).order_by(column).values(column))


def _priced_levels() -> Collection[int]:
    return frozenset(LevelPrice.objects.order_by().values_list("level_id", flat=True).distinct())


_BOARD: Final = versions.Kept("promotions", "goods", load=_load, serves=lambda board, at: board.since <= at)
_DAYS: Final = versions.Kept(
    "promotions", load=lambda: list(MemberDay.objects.filter(enabled=True).order_by("id"))
)
_PRICED_LEVELS: Final = versions.Kept("level_prices", load=_priced_levels)
