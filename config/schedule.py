"""Board 3: what the clock rings. Every job is a sweep over due rows, safe to run twice and side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ring:
    """One bell: the task's name and the seconds between two rings."""

    task: str
    every_seconds: int


# Workers take from the first queue that has something: news and money go before whatever can wait, and what takes long
# or is many goes last. Nothing is lost to a queue that starves: each job looks at the rows that are due, not at its mail.
QUEUES = ("urgent", "normal", "bulk")
_URGENT = frozenset(
    {
        "base.pulse",
        "outbox.deliver",
        "checkout.close_expired",
        "groupbuy.end_due",
        "payments.query_unheard",
        "payments.retry_notifications",
        "payments.submit_refunds",
        "payments.query_refunds",
        "distribution.transfer_due",
    }
)
_BULK = frozenset(
    {
        "books.fetch_bills",
        "fulfillment.trace_due",
        "fulfillment.verify_uploads",
        "books.post_due",
        "base.check_invariants",
        "outbox.prune",
        "checkout.replay_simulations",
        "coupons.issue_due",
        "messaging.prepare_due",
        "coupons.make_codes",
        "coupons.forget_passes",
        "coupons.tell_expiring",
        "distribution.settle_due",
        "distribution.review_levels",
        "risk.forget_traces",
        "storefront.tell_falls",
        "storefront.forget_wishes",
        "members.make_exports",
        "members.forget_dead_sessions",
        "members.forget_past_keeping",
        "content.forget_unused_pictures",
        "audiences.reckon",
        "audiences.keep_up",
        "journeys.enter_due",
    }
)


def queue_of(task: str) -> str:
    """Return the queue of a job, wherever it is rung: by beat, or as a nudge after a commit."""
    if task in _URGENT:
        return "urgent"
    return "bulk" if task in _BULK else "normal"


RINGS = (
    Ring("base.pulse", 10),
    Ring("base.forget_held", 3600),
    Ring("base.forget_unnamed", 3600),
    Ring("pictures.forget_unnamed", 3600),
    Ring("base.check_invariants", 3600),
    Ring("books.fetch_bills", 600),
    Ring("books.post_due", 600),
    Ring("outbox.deliver", 10),
    Ring("outbox.prune", 3600),
    Ring("checkout.close_expired", 20),
    Ring("orders.tell_closing", 60),
    Ring("flashsale.tell_starts", 20),
    Ring("presale.tell_balances", 60),
    Ring("coupons.tell_expiring", 600),
    Ring("groupbuy.end_due", 5),
    Ring("checkout.ship_virtual", 20),
    Ring("checkout.replay_simulations", 10),
    Ring("payments.query_unheard", 10),
    Ring("payments.retry_notifications", 30),
    Ring("payments.submit_refunds", 30),
    Ring("payments.query_refunds", 60),
    Ring("fulfillment.receive_overdue", 600),
    Ring("fulfillment.refresh_carriers", 86_400),
    Ring("fulfillment.trace_due", 60),
    Ring("fulfillment.make_waybills", 30),
    Ring("members.forget_dead_sessions", 3600),
    Ring("coupons.expire_due", 60),
    Ring("coupons.issue_due", 10),
    Ring("coupons.make_codes", 10),
    Ring("coupons.forget_passes", 3600),
    Ring("members.review_levels", 600),
    Ring("members.make_exports", 60),
    Ring("members.carry_out_erasures", 60),
    Ring("members.forget_past_keeping", 3600),
    Ring("bargain.lapse_due", 30),
    Ring("presale.allot_due", 60),
    Ring("deadlines.fix_missed", 60),
    Ring("deadlines.warn_due", 60),
    Ring("deadlines.lapse_due", 60),
    Ring("deadlines.end_missed", 300),
    Ring("fulfillment.verify_uploads", 60),
    Ring("storefront.tell_falls", 300),
    Ring("storefront.tell_back", 60),
    Ring("storefront.forget_wishes", 3600),
    Ring("shares.draw_due", 10),
    Ring("shares.tell_due", 10),
    Ring("messaging.decide_due", 5),
    Ring("messaging.carry_due", 5),
    Ring("messaging.prepare_due", 10),
    Ring("messaging.tell_cards", 30),
    Ring("points.expire_due", 300),
    Ring("points.remind_due", 3600),
    Ring("points.give_birthday_gifts", 3600),
    Ring("flashsale.pass_turns", 10),
    Ring("flashsale.make_sessions", 600),
    Ring("aftersales.run_deadlines", 60),
    Ring("aftersales.refund_unfetched", 300),
    Ring("complaints.poll_due", 60),
    Ring("content.hold_overdue", 60),
    Ring("distribution.transfer_due", 10),
    Ring("distribution.settle_due", 300),
    Ring("distribution.reward_due", 3600),
    Ring("distribution.review_levels", 3600),
    Ring("packets.lapse_due", 60),
    Ring("packets.give_waiting", 600),
    Ring("referrals.give_waiting", 600),
    Ring("risk.forget_traces", 3600),
    Ring("members.forget_unused_pictures", 3600),
    Ring("audiences.reckon", 900),
    Ring("audiences.keep_up", 300),
    Ring("journeys.enter_due", 300),
    Ring("journeys.move_due", 30),
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
