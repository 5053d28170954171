"""Board 3: what the clock rings. Every job is a sweep over due rows, safe to run twice and side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ring:
    """One bell: the task's name and the seconds between two rings."""

    task: str
    every_seconds: int


RINGS = (
    Ring("base.pulse", 10),
    Ring("base.forget_held", 3600),
    Ring("outbox.deliver", 10),
    Ring("outbox.prune", 3600),
    Ring("checkout.close_expired", 20),
    Ring("checkout.replay_simulations", 10),
    Ring("payments.query_unheard", 30),
    Ring("payments.retry_notifications", 30),
    Ring("payments.submit_refunds", 30),
    Ring("payments.query_refunds", 60),
    Ring("fulfillment.receive_overdue", 600),
    Ring("fulfillment.refresh_carriers", 86_400),
    Ring("members.forget_dead_sessions", 3600),
    Ring("coupons.expire_due", 60),
    Ring("coupons.issue_due", 10),
    Ring("coupons.make_codes", 10),
    Ring("coupons.forget_passes", 3600),
    Ring("members.review_levels", 600),
    Ring("members.make_exports", 60),
    Ring("members.carry_out_erasures", 60),
    Ring("members.forget_past_keeping", 3600),
    Ring("points.expire_due", 300),
    Ring("points.remind_due", 3600),
    Ring("points.give_birthday_gifts", 3600),
    Ring("content.hold_overdue", 60),
    Ring("content.forget_unused_pictures", 3600),
)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the rings in Celery's form. A ring nobody answered before the next one is void."""
    return {
        ring.task: {
            "task": ring.task,
            "schedule": float(ring.every_seconds),
            "options": {"expires": float(max(ring.every_seconds, 30))},
        }
        for ring in RINGS
    }
