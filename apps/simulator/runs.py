"""Runs: the sweep that replays the orders of every simulation under way, chunk by chunk.

A chunk is one transaction, which holds the run and nothing else: two workers do not replay the same orders,
and a run that was cut short goes on behind the last order it has kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from apps.base import days, faults
from apps.coupons import selectors as coupon_facts
from apps.distribution import selectors as promoter_facts
from apps.inventory import selectors as stock_facts
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.points import selectors as point_facts
from apps.points.models import Rules
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.models import SimulationRun
from apps.promotions.selectors import Dated
from apps.promotions.trials import Draft, Trial
from apps.simulator import figures, replay
from apps.simulator.figures import Replayed
from mall.pricing.offers import AnyCoupon, Gift, Offer

log = structlog.get_logger(__name__)

CHUNK: Final = 500
# What replaying reads: a product's page and pictures, say, are many times as much.
_ORDER: Final = (
    *("order_no", "shipping_fen", "points_used", "address", "paid_at"),
    *("member__level_id",),
)
_LINE: Final = (
    *("order_id", "sku_id", "title", "quantity", "unit_price_fen", "cost_fen", "is_packing"),
    *("sku__product__brand_id", "sku__product__category__path"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What orders are priced with besides the draft: other promotions, levels' benefits by level, what was held.

    ``rates_bp`` are the commissions that their lines paid, by line id: promoters get less of less.
    """

    others: Sequence[Dated]
    benefits: Mapping[int, Sequence[Offer]]
    coupons: Mapping[str, AnyCoupon]
    rules: Rules
    gift_costs_fen: Mapping[int, int]
    rates_bp: Mapping[int, Sequence[int]]


def advance_due(*, at: datetime, chunks: int = 10) -> int:
    """Replay up to so many chunks of the runs under way, and return how many orders that were."""
    promotions.drop_tallies()
    replayed = 0
    waiting = SimulationRun.objects.filter(status=SimulationRun.Status.RUNNING).order_by("id")
    for run_id in list(waiting.values_list("pk", flat=True)):
        while chunks > 0:
            chunks -= 1
            try:
                handled = advance(run_id=run_id, at=at)
            except Exception as error:
                # Whatever is wrong with one order must not keep the sweep from the other runs.
                log.exception("simulation_failed", run_id=run_id)
                promotions.note_failure(run_id=run_id, error=faults.wording(error), at=at)
                break
            if handled is None:
                break
            replayed += handled
    return replayed


@transaction.atomic
def advance(*, run_id: int, at: datetime, limit: int = CHUNK) -> int | None:
    """Replay the next ``limit`` orders of a run; None where it is over, or another worker is at it."""
    run = (
        SimulationRun.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=run_id, status=SimulationRun.Status.RUNNING)
        .first()
    )
    if run is None:
        return None
    draft = promotion_facts.draft(promotion_id=run.promotion_id, at=run.until)
    if draft is None:
        promotions.note_failure(run_id=run_id, error="该活动设置有误，无法模拟", at=at)
        return None
    total = run.total if run.cursor else _orders(run).count()
    orders = list(_chunk(run, limit))
    members = {order.member_id for order in orders}
    trial = promotion_facts.trial_of(run, draft, member_ids=members, stock=stock_facts.available)
    around = _around(run, draft, orders)
    added = figures.so_far(run.figures)
    for order in orders:
        if (replayed := _replay(order, trial, around)) is not None:
            figures.add(added, replayed, gift_costs_fen=around.gift_costs_fen)
    handled = run.handled + len(orders)
    promotions.note_progress(
        run=run,
        cursor=(orders[-1].paid_at, orders[-1].pk) if orders else (run.cursor_at, run.cursor),
        total=max(total, handled),
        handled=handled,
        figures=added,
        trial=trial,
        done=len(orders) < limit,
        at=at,
    )
    return len(orders)


def _orders(run: SimulationRun) -> QuerySet[Order]:
    """Orders paid in the run's window, without refunded ones and those of activities, whose price no offer makes."""
    paid = Order.objects.filter(paid_at__gte=run.since, paid_at__lt=run.until, activity__isnull=True)
    return paid.exclude(status=Status.REFUNDED)


def _chunk(run: SimulationRun, limit: int) -> QuerySet[Order]:
    """The next orders in the order of their payment, with all that replaying needs: three statements."""
    lines = OrderLine.objects.select_related("sku__product__category").only(*_LINE)
    orders = _orders(run)
    if run.cursor_at is not None:
        later = Q(paid_at__gt=run.cursor_at) | Q(pk__gt=run.cursor)
        orders = orders.filter(later, paid_at__gte=run.cursor_at)
    return (
        orders.select_related("member")
        .only(*_ORDER)
        .prefetch_related(Prefetch("lines", lines), "reductions")
        .order_by("paid_at", "pk")[:limit]
    )


def _around(run: SimulationRun, draft: Draft, orders: Sequence[Order]) -> Around:
    """All that these orders are priced with besides the draft: six statements."""
    others = [each for each in promotion_facts.dated(at=run.until) if each.promotion_id != draft.promotion_id]
    gifts = [step.gifts for each in others if isinstance(each.offer, Gift) for step in each.offer.steps]
    gift_ids = draft.gift_ids | {item.sku_id for given in gifts for item in given}
    return Around(
        others=others,
        benefits=promotion_facts.level_offers(),
        coupons=coupon_facts.offers_again(replay.coupon_ids_of(orders)),
        rules=point_facts.rules(),
        gift_costs_fen=promotions.costs_of(gift_ids),
        rates_bp=promoter_facts.rates_paid(order_nos=[order.order_no for order in orders]),
    )


def _replay(order: Order, trial: Trial, around: Around) -> Replayed | None:
    """Price one order without the draft and with it, and count what it takes of the draft."""
    basket = replay.basket_of(order)
    if basket is None or order.paid_at is None:
        return None
    day = days.shop_day(order.paid_at)
    present = [
        *around.benefits.get(order.member.level_id or 0, []),
        *(each.offer for each in around.others if each.made_on(day)),
        *replay.held_by(order, coupons=around.coupons, rules=around.rules),
    ]
    before = after = replay.price(order, basket, present, around.gift_costs_fen, around.rates_bp)
    meant = trial.is_for(member_id=order.member_id, day=day)
    offer = trial.offer(at=order.paid_at) if meant else None
    stopped_by, newcomer = None, False
    if offer is not None and replay.concerns(offer, basket):
        after = replay.price(order, basket, [*present, offer], around.gift_costs_fen, around.rates_bp)
        if after.gives(offer.ref):
            stopped_by = trial.stopped_by(member_id=order.member_id, day=day)
            if stopped_by is None:
                newcomer = trial.take(
                    after.quote, ref=offer.ref, member_id=order.member_id, day=day, at=order.paid_at
                )
            else:
                after = before
        elif replay.sold_out(offer, after.quote):
            stopped_by = figures.GIFTS_GONE
    return Replayed(
        order_no=order.order_no,
        day=day,
        before=before,
        after=after,
        draft_ref=offer.ref if offer else "",
        stopped_by=stopped_by,
        newcomer=newcomer,
        unknown_costs=sum(
            line.cost_fen is None for line in order.lines.all() if line.unit_price_fen and not line.is_packing
        ),
    )
