"""The bells of pre-sales."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.messaging import services as messaging
from apps.presale import services as presales
from apps.presale import telling


@shared_task(name="presale.allot_due")
def allot_due() -> None:
    """Give goods that are here to the orders that wait for them."""
    jobs.run("presale.allot_due", lambda at: presales.allot_due(at=at))


@shared_task(name="presale.tell_balances")
def tell_balances() -> None:
    """Remind buyers of balances, 24 hours and 2 hours before their window ends."""
    jobs.run("presale.tell_balances", lambda at: messaging.announce(telling.balances(at=at), at=at))
