"""The bells of messages: what is due is told and sent, mass sends are written down."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.messaging.services import broadcasts, cards, carrying, deciding, ruling
from apps.messaging.states import CARDS, CARRY, DECIDE, PREPARE


@shared_task(name=DECIDE)
def decide_due() -> None:
    """Tell what is due: fill the inbox, choose the way out."""
    jobs.run(DECIDE, lambda at: deciding.decide_due(at=at))


@shared_task(name=CARRY)
def carry_due() -> None:
    """Send what is on its way out."""
    jobs.run(CARRY, lambda at: carrying.carry_due(at=at))


@shared_task(name=PREPARE)
def prepare_due() -> None:
    """Write down the messages of mass sends, and the rows of scenes that are new on the board."""
    jobs.run(PREPARE, lambda at: ruling.complete_scenes() + broadcasts.prepare_due(at=at))


@shared_task(name=CARDS)
def tell_cards() -> None:
    """Have cards of 服务动态 say how far orders are."""
    jobs.run(CARDS, lambda at: cards.tell_due(at=at))
