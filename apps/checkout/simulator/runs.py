"""Runs: the sweep that replays the orders of every simulation under way, chunk by chunk.

A chunk is one transaction, which holds the run and nothing else: two workers do not replay the same orders,
and a run that was cut short goes on behind the last order it has kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Prefetch, QuerySet, TextField
from django.db.models.functions import Cast

from apps.base import days
from apps.checkout import activities
from apps.checkout.simulator import figures, replay
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.promotions import selectors as offered
from apps.promotions import services as promotions
from apps.promotions.models import SimulationRun
from apps.promotions.selectors import Dated
from mall.pricing.offers import Gift, Offer

log = structlog.get_logger(__name__)

CHUNK: Final = 500


def advance_due(*, at: datetime, chunks: int = 10) -> int:
    """Replay up to so many chunks of the runs under way, and return how many orders that were."""
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
                promotions.note_failure(run_id=run_id, error=f"{type(error).__name__}: {error}", at=at)
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
    draft = offered.draft(promotion_id=run.promotion_id, at=run.until)
    if draft is None:
        promotions.note_failure(run_id=run_id, error="该活动设置有误，无法模拟", at=at)
        return None
    others = [each for each in offered.dated(at=run.until) if each.promotion_id != draft.promotion_id]
    benefits = offered.level_offers()
    gift_costs_fen = _gift_costs_fen([draft, *others])
    total = run.total if run.cursor else _orders(run).count()
    added = figures.so_far(run.figures)
    cursor, handled = run.cursor, 0
    for order in _chunk(run, limit):
        cursor, handled = order.pk, handled + 1
        _add(added, order, draft, others, benefits, gift_costs_fen)
    promotions.note_progress(
        run=run,
        cursor=cursor,
        total=max(total, run.handled + handled),
        handled=run.handled + handled,
        figures=added,
        done=handled < limit,
        at=at,
    )
    return handled


def _orders(run: SimulationRun) -> QuerySet[Order]:
    """Orders paid in the run's window, without refunded ones and those of the points mall, which no offer touches."""
    paid = Order.objects.filter(paid_at__gte=run.since, paid_at__lt=run.until)
    told = paid.exclude(status=Status.REFUNDED).annotate(told=Cast("applied", TextField()))
    return told.exclude(points_used__gt=0, told__contains=f'"{activities.POINTS_GOOD}:')


def _chunk(run: SimulationRun, limit: int) -> QuerySet[Order]:
    """The next orders in the order of their ids, with all that replaying needs: two statements."""
    lines = OrderLine.objects.select_related("sku__product__category")
    return (
        _orders(run)
        .filter(pk__gt=run.cursor)
        .select_related("member")
        .prefetch_related(Prefetch("lines", lines))
        .order_by("pk")[:limit]
    )


def _add(
    added: dict[str, object],
    order: Order,
    draft: Dated,
    others: Sequence[Dated],
    benefits: Sequence[Offer],
    gift_costs_fen: dict[int, int],
) -> None:
    """Price one order without the draft and with it, and add both up."""
    basket = replay.basket_of(order)
    if basket is None or order.paid_at is None:
        return
    day = days.shop_day(order.paid_at)
    present = [*benefits, *(each.offer for each in others if each.made_on(day)), *replay.held_by(order)]
    before = replay.price(order, basket, present, gift_costs_fen)
    after = before
    if draft.made_on(day):
        after = replay.price(order, basket, [*present, draft.offer], gift_costs_fen)
    figures.add(
        added,
        order_no=order.order_no,
        draft_ref=draft.offer.ref,
        before=before,
        after=after,
        unknown_costs=sum(line.cost_fen is None for line in order.lines.all() if line.unit_price_fen),
    )


def _gift_costs_fen(made: Sequence[Dated]) -> dict[int, int]:
    gifts = [each.offer for each in made if isinstance(each.offer, Gift)]
    return promotions.costs_of({item.sku_id for gift in gifts for step in gift.steps for item in step.gifts})
