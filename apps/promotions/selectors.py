"""What can be read about promotions: the offers of a moment, and what products show of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from apps.base import days
from apps.members.models import Level, Member
from apps.promotions import member_days, terms, wording
from apps.promotions.models import (
    LevelPrice,
    MemberDay,
    Promotion,
    PromotionSku,
    SimulationRun,
    SimulationTally,
    Tally,
)
from apps.promotions.terms import Part, Terms
from apps.promotions.trials import LIMITS, Draft, Key, Trial, taken_up
from mall import regions
from mall.errors import ShopError
from mall.money import WHOLE_BP
from mall.pricing import refs
from mall.pricing.basket import Line
from mall.pricing.offers import Bundle, FreePostage, FreightCoupon, Offer

log = structlog.get_logger(__name__)

# What is free of these SKUs, by id: the counter knows, promotions stand beside the stock.
Stock = Callable[[Collection[int]], Mapping[int, int]]

_NO_LEAD: Final = timedelta(0)
# What a buyer is told of a promotion whose limit is used up.
_SPENT: Final = {
    "limit_total": "活动名额已用完",
    "limit_per_day": "今天的活动名额已用完",
    "limit_per_member": "您已达到此活动的参与次数",
    "limit_per_member_day": "您今天已达到此活动的参与次数",
}


class Shelved(NamedTuple):
    """What a badge depends on: a product with its brand, its categories up to the root, and its SKUs."""

    product_id: int
    category_ids: frozenset[int]
    brand_id: int | None
    sku_ids: frozenset[int] = frozenset()


class Shown(NamedTuple):
    """An offer as shoppers see it coming: ``preheat`` while it is shown and does not count yet."""

    offer: Offer
    kind: str
    starts_at: datetime
    ends_at: datetime
    preheat: bool


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
) -> list[Offer]:
    """All offers to this member at this moment: two statements, however many promotions there are.

    Those whose limits are used up, by all or by this member, say so and will not apply. Whether another
    applies to a basket is for pricing to say. ``sku_ids`` spares reading the member prices of SKUs that are
    not asked for; None reads them all. ``stock`` is asked once for the SKUs of all gifts, if there are gifts
    (without it nothing can be given). A level's lead lets its members in early. Without a member there are no
    member prices.
    """
    found: list[Offer] = []
    lead = _NO_LEAD
    if member is not None and member.level_id is not None:
        level = _level(level_id=member.level_id, sku_ids=sku_ids)
        found += _benefits(level)
        lead = timedelta(minutes=level.early_access_minutes)
    rows = [row for row in _running(member=member, at=at, lead=lead) if _on_its_day(row, at=at)]
    gift_ids = sorted(
        {part["sku_id"] for row in rows if row.kind == Promotion.Kind.GIFT for part in row.skus}
    )
    in_stock = stock(gift_ids) if stock and gift_ids else {}
    return [*found, *(offer for _, offer in _made(rows, at=at, in_stock=in_stock))]


def live(*, at: datetime) -> list[Offer]:
    """The offers to everyone whose window ``[starts_at, ends_at)`` holds this moment: one statement.

    A row that makes no offer (its last product was deleted, say) is left out and logged: a promotion set up
    badly must not keep the shop from selling. Gifts count as in stock.
    """
    running = _running(member=None, at=at, lead=_NO_LEAD)
    rows = [row for row in running if not row.spent and _on_its_day(row, at=at)]
    return [offer for _, offer in _made(rows, at=at, in_stock=None)]


def dated(*, at: datetime) -> list[Dated]:
    """The offers whose window holds this moment, each with the days it keeps to: for replaying past orders.

    Limits are left out of account, gifts count as in stock.
    """
    running = Promotion.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at)
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
    return Draft(row.pk, begun, row.member_day, limits)


def trial_of(run: SimulationRun, draft: Draft, *, member_ids: Collection[int], stock: Stock) -> Trial:
    """The run's trial where the last chunk left it, with the counts that orders of these members may meet.

    One statement, and ``stock`` is asked for the gifts where the trial begins.
    """
    tallies = SimulationTally.objects.filter(run=run).order_by().values_list("member_id", "day", "uses")
    # Two lookups by the key's beginning, where an OR might read the counts of all members.
    met = tallies.filter(member_id__in=member_ids).union(tallies.filter(member__isnull=True), all=True)
    uses: dict[Key, int] = {(member_id, day): uses for member_id, day, uses in met}
    free = stock(draft.gift_ids) if draft.gift_ids and not run.kept else {}
    return taken_up(draft, uses=uses, kept=run.kept, stock=free)


def shown(*, at: datetime, lead: timedelta = _NO_LEAD) -> list[Shown]:
    """The offers that products show at this moment: those that are live, and those that preheat. One statement.

    An offer of a member day shows the hours of that day. For whoever comes early by ``lead`` an offer counts that
    much before its start, as in ``offers_for``.
    """
    preheating = Q(campaign__preheat_at__lte=at, starts_at__gt=at + lead)
    running = Q(starts_at__lte=at + lead)
    rows = _unspent(Promotion.objects.filter(preheating | running, enabled=True, ends_at__gt=at), at=at)
    seen = []
    for row, offer in _made(with_scope_ids(rows).order_by("id"), at=at, in_stock=None):
        preheat = row.starts_at > at + lead
        starts_at, ends_at = row.starts_at, row.ends_at
        if row.member_day is not None and not preheat:
            if not _on_its_day(row, at=at):
                continue
            midnight, next_midnight = days.day_window(days.shop_day(at))
            starts_at, ends_at = max(starts_at, midnight), min(ends_at, next_midnight)
        seen.append(Shown(offer, row.kind, starts_at, ends_at, preheat))
    return seen


def with_scope_ids(promotions: QuerySet[Promotion]) -> QuerySet[Any]:
    """The rows with all that their terms need, in the same statement.

    ``product_ids``, ``category_ids``, ``brand_ids``, ``skus`` (gifts and parts of bundles), ``units_sold``
    and ``sold_until`` of a step-up price, the member day.
    """
    sold = Tally.objects.filter(promotion_id=OuterRef("pk"), member__isnull=True, day__isnull=True)
    parts = PromotionSku.objects.filter(promotion_id=OuterRef("pk")).order_by("at_least", "id")
    part = JSONObject(at_least="at_least", sku_id="sku_id", title="sku__product__title", quantity="quantity")
    return promotions.select_related("member_day").annotate(
        product_ids=_ids(Promotion.products.through, "product_id"),
        category_ids=_ids(Promotion.categories.through, "category_id"),
        brand_ids=_ids(Promotion.brands.through, "brand_id"),
        skus=ArraySubquery(parts.values(part=part)),
        units_sold=Subquery(sold.values("units")),
        sold_until=Subquery(sold.values("filled_at")),
    )


def terms_of(row: Any, *, in_stock: Mapping[int, int] | None = None) -> Terms:
    """The terms of a row of ``with_scope_ids``: no statement."""
    return Terms(
        ref=str(refs.promotion(row.pk)),
        product_ids=row.product_ids,
        category_ids=row.category_ids,
        brand_ids=row.brand_ids,
        parts=[Part(**part) for part in row.skus],
        in_stock=in_stock,
        units=row.units_sold or 0,
        filled_at=row.sold_until,
        refused=_SPENT[row.spent] if getattr(row, "spent", "") else "",
        **{name: getattr(row, name) for name in terms.FIGURES},
    )


def badges(shelved: Iterable[Shelved], offers: Iterable[Offer]) -> dict[int, list[str]]:
    """The badges of each product, such as 「满100减15」, by product id: no statement.

    ``offers`` are those of ``live``. A product's first badges are those of the offers with the lower ref.
    """
    worn = [(offer, badge) for offer in offers if (badge := wording.badge(offer))]
    return {
        product.product_id: list(dict.fromkeys(badge for offer, badge in worn if _covers(offer, product)))
        for product in shelved
    }


def activities(shelved: Iterable[Shelved], seen: Iterable[Shown]) -> dict[int, list[dict[str, Any]]]:
    """What each product shows with a countdown, by product id, as plain values: no statement.

    ``seen`` are those of ``shown``. Times are told in the shop's zone, as in every other answer.
    """
    worn = [
        (
            each.offer,
            {
                "ref": each.offer.ref,
                "label": wording.badge(each.offer) or each.offer.label,
                "kind": each.kind,
                "starts_at": timezone.localtime(each.starts_at),
                "ends_at": timezone.localtime(each.ends_at),
                "preheat": each.preheat,
            },
        )
        for each in seen
    ]
    return {
        product.product_id: [shown for offer, shown in worn if _covers(offer, product)] for product in shelved
    }


def points_multiplier_bp(*, at: datetime) -> int:
    """How often points count today, in basis points: the most that a member day gives, 10,000 on other days."""
    today = days.shop_day(at)
    rows = MemberDay.objects.filter(enabled=True)
    return max([WHOLE_BP, *(row.points_bp for row in rows if member_days.falls_on(row, today))])


def level_offers() -> dict[int, list[Offer]]:
    """The benefits of each level as offers, by the level's id. One statement."""
    levels = _with_prices(Level.objects.all(), sku_ids=None).order_by("id")
    return {level.pk: _benefits(level) for level in levels}


def _running(*, member: Member | None, at: datetime, lead: timedelta) -> QuerySet[Any]:
    """The promotions in their window, each with the limit that is used up for this member (``spent``)."""
    running = Promotion.objects.filter(enabled=True, starts_at__lte=at + lead, ends_at__gt=at)
    used_up = [When(used, then=Value(column)) for column, used in _used_up(member=member, at=at)]
    spent = Case(*used_up, default=Value(""), output_field=CharField())
    return with_scope_ids(running.annotate(spent=spent)).order_by("id")


def _unspent(promotions: QuerySet[Promotion], *, at: datetime) -> QuerySet[Promotion]:
    """Those of which no limit is used up by everybody; in the same statement."""
    for _, used in _used_up(member=None, at=at):
        promotions = promotions.exclude(used)
    return promotions


def _used_up(*, member: Member | None, at: datetime) -> Iterator[tuple[str, Q]]:
    """Each limit's column, and when it is used up by everybody or by this member.

    Each looks up its one tally by the whole key: a promotion may have a tally for every member.
    """
    today = days.shop_day(at)
    for column, by_member, by_day in LIMITS:
        if by_member and member is None:
            continue
        whose = Q(member=member) if by_member else Q(member__isnull=True)
        when = Q(day=today) if by_day else Q(day__isnull=True)
        tally = Tally.objects.filter(whose, when, promotion_id=OuterRef("pk"), uses__gte=OuterRef(column))
        yield column, Q(**{f"{column}__isnull": False}) & Q(Exists(tally))


def _on_its_day(row: Any, *, at: datetime) -> bool:
    """Whether a promotion that keeps to member days is made on this one."""
    return row.member_day is None or member_days.falls_on(row.member_day, days.shop_day(at))


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


def _ids(through: Any, column: str) -> ArraySubquery:
    """The ids that a many-to-many of a promotion names, as an array in the promotion's own row."""
    return ArraySubquery(through.objects.filter(promotion_id=OuterRef("pk")).order_by(column).values(column))


def _level(*, level_id: int, sku_ids: Collection[int] | None) -> Any:
    return _with_prices(Level.objects.filter(pk=level_id), sku_ids=sku_ids).get()


def _with_prices(levels: QuerySet[Level], *, sku_ids: Collection[int] | None) -> QuerySet[Any]:
    """The levels with their own prices, as pairs in the level's row."""
    prices = LevelPrice.objects.filter(level_id=OuterRef("pk"))
    if sku_ids is not None:
        prices = prices.filter(sku_id__in=sku_ids)
    pair = JSONObject(sku_id="sku_id", price_fen="price_fen")
    return levels.annotate(prices=ArraySubquery(prices.values(pair=pair)))


def _benefits(level: Any) -> list[Offer]:
    """What a level gives its members as offers: their prices, and free postage."""
    price = terms.member_price(
        level_id=level.pk,
        level_name=level.name,
        discount_bp=level.discount_bp,
        prices_fen={price["sku_id"]: price["price_fen"] for price in level.prices},
    )
    found = [price] if price else []
    if level.free_postage:
        found.append(terms.member_postage(level_id=level.pk, level_name=level.name))
    return found


def _covers(offer: Offer, product: Shelved) -> bool:
    """Whether the offer means this product; postage is about the whole order, so it means them all."""
    if isinstance(offer, FreePostage | FreightCoupon):
        return True
    if isinstance(offer, Bundle):
        return not offer.scope.ids.isdisjoint(product.sku_ids)
    return offer.scope.covers(
        Line(
            sku_id=0,
            product_id=product.product_id,
            category_ids=product.category_ids,
            brand_id=product.brand_id,
            title="",
            quantity=1,
            unit_price_fen=0,
        )
    )


def unclear_regions() -> list[tuple[str, str]]:
    """Return (promotion, what is wrong) for each region of an enabled one that is none, or several. One statement."""
    named = Promotion.objects.filter(enabled=True).exclude(regions=[]).order_by("id")
    return [
        (label, wrong)
        for label, names in named.values_list("label", "regions")
        for name in names
        if (wrong := regions.objection(name))
    ]
