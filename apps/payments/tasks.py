"""The payments' bells: refunds that are due."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.payments.services import refunds


@shared_task(name="payments.submit_refunds")
def submit_refunds() -> None:
    """Submit refunds that were asked for."""
    jobs.run("payments.submit_refunds", lambda at: refunds.submit_due(at=at))


@shared_task(name="payments.query_refunds")
def query_refunds() -> None:
    """Ask about refunds under way."""
    jobs.run("payments.query_refunds", lambda at: refunds.query_due(at=at))
