"""Simulation runs: asking for one, and keeping what the counter has replayed so far."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.promotions import selectors as promotion_facts
from apps.promotions.models import Promotion, SimulationRun, SimulationTally
from apps.promotions.trials import Trial
from mall.errors import Invalid, Kind, ShopError


class SimulationRunning(ShopError):
    """The promotion is being simulated already."""

    code = "simulation_running"
    message = "该活动正在模拟中，请等待完成"
    kind = Kind.CONFLICT


@transaction.atomic
def request_simulation(*, promotion_id: int, days: int, operator: Any = None, at: datetime) -> SimulationRun:
    """Ask for a promotion to be tried on the orders paid in the last ``days`` (1 to 90) days.

    It may be a draft: switched off, or not begun yet. Raises Invalid for other days and for a promotion that
    makes no offer, SimulationRunning while one is under way.
    """
    if not 1 <= days <= 90:
        raise Invalid("天数须在 1 到 90 之间", details={"days": ["天数须在 1 到 90 之间"]})
    promotion = Promotion.objects.select_for_update().get(pk=promotion_id)
    if promotion_facts.draft(promotion_id=promotion_id, at=at) is None:
        raise Invalid("该活动设置有误，无法模拟")
    if SimulationRun.objects.filter(promotion=promotion, status=SimulationRun.Status.RUNNING).exists():
        raise SimulationRunning
    return SimulationRun.objects.create(
        promotion=promotion, days=days, since=at - timedelta(days=days), until=at, operator=operator
    )


def note_progress(
    *,
    run: SimulationRun,
    cursor: tuple[datetime | None, int],
    total: int,
    handled: int,
    figures: dict[str, Any],
    trial: Trial,
    done: bool,
    at: datetime,
) -> None:
    """Keep what has been replayed up to ``cursor``, the payment and id of the last order: two statements.

    The caller has the run locked.
    """
    SimulationTally.objects.bulk_create(
        [
            SimulationTally(run=run, member_id=member_id, day=day, uses=trial.uses[member_id, day])
            for member_id, day in trial.changed
        ],
        update_conflicts=True,
        unique_fields=["run", "member", "day"],
        update_fields=["uses"],
    )
    run.cursor_at, run.cursor = cursor
    run.total, run.handled, run.figures, run.kept = total, handled, figures, trial.kept()
    written = ["cursor_at", "cursor", "total", "handled", "figures", "kept"]
    if done:
        run.status, run.finished_at = SimulationRun.Status.DONE, at
        written += ["status", "finished_at"]
    run.save(update_fields=written)


def note_failure(*, run_id: int, error: str, at: datetime) -> None:
    """Give up a run that cannot go on; the operator sees why and may ask again."""
    SimulationRun.objects.filter(pk=run_id, status=SimulationRun.Status.RUNNING).update(
        status=SimulationRun.Status.FAILED, finished_at=at, error=error[:200]
    )


def drop_tallies(*, limit: int = 20_000) -> int:
    """Throw away up to so many counts of runs that are over, and return how many there were: one statement."""
    over = SimulationTally.objects.exclude(run__status=SimulationRun.Status.RUNNING).order_by("id")
    dropped, _ = SimulationTally.objects.filter(pk__in=over.values("pk")[:limit]).delete()
    return dropped
