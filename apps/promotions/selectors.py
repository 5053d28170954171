"""What can be read about promotions: the offers of a moment, and what products show of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

import structlog
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.base import days
from apps.members import selectors as member_facts
from apps.members.models import Level, Member
from apps.promotions import kept, member_days, terms
from apps.promotions.models import (
    Campaign,
    LevelPrice,
    MemberDay,
    Promotion,
    SimulationRun,
    SimulationTally,
    Tally,
)
from apps.promotions.trials import LIMITS, Draft, Key, Trial, taken_up
from apps.promotions.wearing import Shown, Wear
from mall import regions
from mall.errors import ShopError
from mall.money import WHOLE_BP
from mall.pricing import hearing
from mall.pricing.basket import Line
from mall.pricing.hearing import Heard
from mall.pricing.offers import Offer

log = structlog.get_logger(__name__)

# What is free of these SKUs, by id: the counter knows, promotions stand beside the stock.
Stock = Callable[[Collection[int]], Mapping[int, int]]

_NO_LEAD: Final = timedelta(0)
# Where nothing is offered and nothing is to come, the next look is then.
_HOLDS: Final = timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    """The offers that products show, and until when the clock alone changes nothing of it."""

    seen: Sequence[Shown]
    until: datetime

    @cached_property
    def wear(self) -> Wear:
        """What products wear of them; put in words when it is first asked for."""
        return Wear(self.seen)


class Dated(NamedTuple):
    """A promotion's offer and the member day that it keeps to, if any."""

    promotion_id: int
    offer: Offer
    member_day: MemberDay | None

    def made_on(self, day: date) -> bool:
        """Whether the offer is made on a Shanghai day."""
        return self.member_day is None or member_days.falls_on(self.member_day, day)


def offers_for(
    *,
    member: Member | None,
    at: datetime,
    sku_ids: Collection[int] | None = None,
    stock: Stock | None = None,
    lines: Collection[Line] | None = None,
) -> list[Heard]:
    """All offers to this member at this moment, however many promotions there are: up to three statements.

    One asks which limits are used up, where a promotion has any, one for prices of the member's level, where it
    has any, one for the groups of a member who was ever in one, where a promotion is for a group; the rest is kept. Those
    whose limits are used up, by all or by this member, and those for others say so and will not apply.
    Whether another applies to a basket is for pricing to say. ``sku_ids`` spares reading the member prices of SKUs
    that are not asked for; None reads them all. ``stock`` is asked once for the SKUs of all gifts, if there are
    gifts (without it nothing can be given). A level's lead lets its members in early. Without a member there are
    no member prices. With the ``lines`` of a basket (instead of ``sku_ids``) they are those that
    ``hearing.heard`` would leave of all, those on other goods as strangers: it is what keeps a shop of hundreds of
    promotions as fast as one of ten.
    """
    found: list[Heard] = []
    lead = _NO_LEAD
    if member is not None and member.level_id is not None:
        level = member_facts.level_of(member.level_id)
        asked = sku_ids if lines is None else [line.sku_id for line in lines]
        found += _benefits(level, _own_prices_fen(level.pk, asked))
        lead = timedelta(minutes=level.early_access_minutes)
    today, begun = days.shop_day(at), at + lead

    def made(row: kept.Row) -> bool:
        return row.starts_at <= begun and at < row.ends_at and row.made_on(today)

    near, elsewhere = kept.split(lines, at=at) if lines is not None else (kept.rows(at=at), ())
    rows = [row for row in near if made(row)]
    counted = kept.tallies(rows, member_id=None if member is None else member.pk, day=today)
    gift_ids = sorted({sku_id for row in rows for sku_id in row.gift_ids})
    in_stock = stock(gift_ids) if stock and gift_ids else {}
    mine = _groups_of(member, rows)
    for row in rows:
        closed = row.group_id is not None and row.group_id not in mine
        used_up = kept.FOR_OTHERS if closed else kept.spent(row, counted)
        offer = kept.offer_of(row, counted, used_up=used_up, in_stock=in_stock, at=at)
        found += [offer] if offer else []
    # Of those on other goods nothing but that is ever told, and of a few only: neither limits nor gifts are asked for.
    told = islice((row.stranger for row in elsewhere if made(row)), hearing.MOST_ELSEWHERE)
    return [*found, *told]


def _groups_of(member: Member | None, rows: Iterable[kept.Row]) -> Collection[int]:
    """In which of the groups that these promotions are for the member is."""
    wanted = {row.group_id for row in rows if row.group_id is not None}
    return member_facts.groups_among(member=member, group_ids=wanted) if member is not None else ()


def live(*, at: datetime) -> list[Offer]:
    """The offers whose window ``[starts_at, ends_at)`` holds this moment, to everybody or to some: at most one statement.

    A row that makes no offer (its last product was deleted, say) is left out and logged: a promotion set up
    badly must not keep the shop from selling. Gifts count as in stock.
    """
    return [each.offer for each in scene(at=at, for_some=True).seen if not each.preheat]


def dated(*, at: datetime) -> list[Dated]:
    """The offers whose window holds this moment, each with the days it keeps to: for replaying past orders.

    Those for a group are left out: who was in it then is not known. Limits are left out of account, gifts count as in stock.
    """
    running = Promotion.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at, group=None)
    rows = with_scope_ids(running).order_by("id")
    return [Dated(row.pk, offer, row.member_day) for row, offer in _made(rows, at=at, in_stock=None)]


def draft(*, promotion_id: int, at: datetime) -> Draft | None:
    """One promotion for a trial, whatever its window, its uses and whether it is switched on.

    None where it makes no offer. One statement.
    """
    row = with_scope_ids(Promotion.objects.filter(pk=promotion_id)).get()
    begun = replace(terms_of(row), units=0, filled_at=None)
    try:
        terms.offer(begun, at=at)
    except ShopError:
        return None
    limits = {column: limit for column, _, _ in LIMITS if (limit := getattr(row, column)) is not None}
    return Draft(row.pk, begun, row.member_day, limits, row.group_id)


def trial_of(run: SimulationRun, draft: Draft, *, member_ids: Collection[int], stock: Stock) -> Trial:
    """The run's trial where the last chunk left it, with the counts that orders of these members may meet.

    One statement, one more where the draft is for a group, and ``stock`` is asked for the gifts where the trial begins.
    """
    tallies = SimulationTally.objects.filter(run=run).order_by().values_list("member_id", "day", "uses")
    # Two lookups by the key's beginning, where an OR might read the counts of all members.
    met = tallies.filter(member_id__in=member_ids).union(tallies.filter(member__isnull=True), all=True)
    uses: dict[Key, int] = {(member_id, day): uses for member_id, day, uses in met}
    free = stock(draft.gift_ids) if draft.gift_ids and not run.kept else {}
    group_id = draft.group_id
    inside = (
        None if group_id is None else member_facts.members_among(group_id=group_id, member_ids=member_ids)
    )
    return taken_up(draft, uses=uses, kept=run.kept, stock=free, inside=inside)


def shown(*, at: datetime, lead: timedelta = _NO_LEAD) -> list[Shown]:
    """The offers that products show at this moment: those that are live, and those that preheat, as ``scene`` says."""
    return list(scene(at=at, lead=lead).seen)


def scene(
    *, at: datetime, lead: timedelta = _NO_LEAD, told: kept.Told | None = None, for_some: bool = False
) -> Scene:
    """The offers that products show at this moment: those that are live, and those that preheat.

    Those for a group of members are shown by no product, as that is the same for all; ``for_some`` adds them.
    One statement, where one of them has a limit or steps, and ``told`` does not say how far they have come. An offer of
    a member day shows the hours of that day. For whoever comes early by ``lead`` an offer counts that much before its
    start, as in ``offers_for``.
    """
    today = days.shop_day(at)
    coming = [row for row in kept.rows(at=at) if at < row.ends_at and (for_some or row.group_id is None)]
    rows = [row for row in coming if _to_be_seen(row, today, at=at, lead=lead)]
    counted = None if told is None else told.tallies(rows, day=today)
    if counted is None:
        counted = kept.tallies(rows, member_id=None, day=today)
    seen = []
    for row in rows:
        offer = None
        if not kept.spent(row, counted):
            offer = kept.offer_of(row, counted, used_up="", in_stock=None, at=at)
        if offer is None:
            continue
        preheat = row.starts_at > at + lead
        starts_at, ends_at = row.starts_at, row.ends_at
        if row.member_day is not None and not preheat:
            midnight, next_midnight = days.day_window(today)
            starts_at, ends_at = max(starts_at, midnight), min(ends_at, next_midnight)
        seen.append(Shown(offer, row.terms.kind, starts_at, ends_at, preheat))
    turns = [kept.next_turn(row, counted, at=at, lead=lead) for row in coming]
    return Scene(tuple(seen), min(turns, default=at + _HOLDS))


def _to_be_seen(row: kept.Row, today: date, *, at: datetime, lead: timedelta) -> bool:
    """Whether products show it: it is made at this moment, or preheats."""
    if row.starts_at <= at + lead:
        return row.made_on(today)
    return row.preheat_at is not None and row.preheat_at <= at


def with_scope_ids(promotions: QuerySet[Promotion]) -> QuerySet[Any]:
    """The rows with all that their terms need, in the same statement.

    Those of ``kept.with_scope_ids``, and ``units_sold`` and ``sold_until`` of a step-up price.
    """
    sold = Tally.objects.filter(promotion_id=OuterRef("pk"), member__isnull=True, day__isnull=True)
    return kept.with_scope_ids(promotions).annotate(
        units_sold=Subquery(sold.values("units")), sold_until=Subquery(sold.values("filled_at"))
    )


terms_of = kept.terms_of
Told = kept.Told
bound = kept.bound
tallies_column = kept.tallies_column


def points_multiplier_bp(*, at: datetime) -> int:
    """How often points count today, in basis points: the most that a member day gives, 10,000 on other days."""
    today = days.shop_day(at)
    return max([WHOLE_BP, *(row.points_bp for row in kept.days_kept() if member_days.falls_on(row, today))])


def level_offers() -> dict[int, list[Offer]]:
    """The benefits of each level as offers, by the level's id. One statement."""
    return {level.pk: _benefits(level, _own_prices_fen(level.pk, None)) for level in member_facts.levels()}


def _made(
    rows: Iterable[Any], *, at: datetime, in_stock: Mapping[int, int] | None
) -> list[tuple[Any, Offer]]:
    """The rows with their offers; what makes none is left out, and logged where it should have made one."""
    made = []
    for row in rows:
        try:
            offer = terms.offer(terms_of(row, in_stock=in_stock), at=at)
        except ShopError as refusal:
            log.warning("promotion_unusable", promotion_id=row.pk, reason=refusal.text)
        else:
            made += [(row, offer)] if offer else []
    return made


def _own_prices_fen(level_id: int, sku_ids: Collection[int] | None) -> dict[int, int]:
    """The level's own prices of these SKUs, or of all, in fen by SKU id: one statement, if it has any at all."""
    if not kept.has_prices(level_id):
        return {}
    prices = LevelPrice.objects.filter(level_id=level_id)
    if sku_ids is not None:
        prices = prices.filter(sku_id__in=sku_ids)
    return dict(prices.values_list("sku_id", "price_fen"))


def _benefits(level: Level, prices_fen: dict[int, int]) -> list[Offer]:
    """What a level gives its members as offers: their prices, and free postage."""
    price = terms.member_price(
        level_id=level.pk, level_name=level.name, discount_bp=level.discount_bp, prices_fen=prices_fen
    )
    found = [price] if price else []
    if level.free_postage:
        found.append(terms.member_postage(level_id=level.pk, level_name=level.name))
    return found


class Beside(NamedTuple):
    """A festival at the time of another: its offers are ``sold`` in a time of both, or one is only announced then."""

    row: Campaign
    sold: bool


def festivals_beside(festival: Campaign) -> list[Beside]:
    """The festivals that shoppers see at the same time, preheats included, by their beginning: one statement."""
    others = Campaign.objects.exclude(pk=festival.pk).annotate(shown_at=Coalesce("preheat_at", "starts_at"))
    seen_from = festival.preheat_at or festival.starts_at
    beside = others.filter(shown_at__lt=festival.ends_at, ends_at__gt=seen_from).order_by("starts_at", "id")
    return [
        Beside(other, other.starts_at < festival.ends_at and other.ends_at > festival.starts_at)
        for other in beside
    ]


def unclear_regions() -> list[tuple[str, str]]:
    """Return (promotion, what is wrong) for each region of an enabled one that is none, or several. One statement."""
    named = Promotion.objects.filter(enabled=True).exclude(regions=[]).order_by("id")
    return [
        (label, wrong)
        for label, names in named.values_list("label", "regions")
        for name in names
        if (wrong := regions.objection(name))
    ]


def by_percent(promotion_ids: Collection[int]) -> frozenset[int]:
    """Which of these take a percentage off: a lower price lowers what they take. No statement for none."""
    if not promotion_ids:
        return frozenset()
    kinds = [Promotion.Kind.PERCENT, Promotion.Kind.SECOND_HALF]
    found = Promotion.objects.filter(pk__in=promotion_ids, kind__in=kinds)
    return frozenset(found.order_by().values_list("pk", flat=True))
