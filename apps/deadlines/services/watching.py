"""The clock of deadlines: warns before, lets the silent wait, and ends what news was missed of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline
from apps.deadlines.services import delaying, fixing

log = structlog.get_logger(__name__)

_BATCH = 500


def warn_due(*, at: datetime, limit: int = _BATCH) -> int:
    """Warn once of each order that is due soon: it stands on the board's alarm and in the log; return how many."""
    ahead = timedelta(hours=deadline_facts.rules().warn_hours)
    near = list(
        deadline_facts.to_warn(at=at, ahead=ahead).values_list("pk", "order__order_no", "due_at")[:limit]
    )
    warned = 0
    for key, order_no, due_at in near:
        # Guarded: two bells at once warn once.
        if Deadline.objects.filter(pk=key, warned_at__isnull=True).update(warned_at=at):
            warned += 1
            log.warning("ship_by_near", order_no=order_no, seconds=round((due_at - at).total_seconds()))
    return warned


def lapse_due(*, at: datetime, limit: int = _BATCH) -> int:
    """Let those wait who did not answer in time; return how many."""
    return _each(
        deadline_facts.unanswered(at=at, limit=limit),
        lambda order_no: delaying.lapse(order_no=order_no, at=at),
    )


def end_missed(*, at: datetime, limit: int = _BATCH) -> int:
    """End the deadlines of orders that left while nobody told; return how many."""
    return _each(deadline_facts.unended(limit=limit), lambda order_no: fixing.end(order_no=order_no, at=at))


def _each(order_nos: list[str], act: Callable[[str], bool]) -> int:
    """Do something about each; one that fails is logged, stops no other and comes again."""
    done = 0
    for order_no in order_nos:
        try:
            done += act(order_no)
        except Exception:
            log.exception("deadline_failed", order_no=order_no)
    return done
