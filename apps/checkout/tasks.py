"""The counter's bells: what the clock closes, and what WeChat did not tell or told in vain."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.checkout import asking, closing, grouping, hearing, promising, settling, tracing, virtual


@shared_task(name=closing.RING)
def close_expired() -> None:
    """Close orders, recharges and whatever else has a bill whose time to pay is over."""
    jobs.run(closing.RING, lambda at: closing.close_expired(at=at))


@shared_task(name="checkout.ship_virtual")
def ship_virtual() -> None:
    """Say that virtual goods are delivered, a minute after their payment."""
    jobs.run("checkout.ship_virtual", lambda at: virtual.ship_due(at=at))


@shared_task(name="groupbuy.end_due")
def end_groups() -> None:
    """End the groups whose time is over, their unpaid seats first."""
    jobs.run("groupbuy.end_due", lambda at: grouping.end_due(at=at))


@shared_task(name="payments.query_unheard")
def query_unheard() -> None:
    """Ask WeChat about attempts to pay without news."""
    jobs.run("payments.query_unheard", lambda at: asking.query_unheard(at=at))


@shared_task(name="payments.retry_notifications")
def retry_notifications() -> None:
    """Take up notifications of WeChat Pay that could not be carried out."""
    jobs.run("payments.retry_notifications", lambda at: hearing.retry_notifications(at=at))


@shared_task(name="fulfillment.verify_uploads")
def verify_uploads() -> None:
    """Ask WeChat whether it keeps what it was told of deliveries."""
    jobs.run("fulfillment.verify_uploads", lambda at: settling.verify_uploads(at=at))


@shared_task(name="deadlines.fix_missed")
def fix_missed_deadlines() -> None:
    """Fix by when paid orders leave of which news was missed."""
    jobs.run("deadlines.fix_missed", lambda at: promising.fix_missed(at=at))


@shared_task(name="fulfillment.trace_due")
def trace_due() -> None:
    """Ask about parcels under way, and for the tokens by which WeChat's plugin shows them."""
    jobs.run("fulfillment.trace_due", lambda at: tracing.trace_due(at=at))
