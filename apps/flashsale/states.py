"""How a member's place in a waiting list gets from waiting to a right, and what becomes of the right."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle


class WaitState(TextChoices):
    """Words of the contract."""

    WAITING = "WAITING", "候补中"
    YOURS = "YOURS", "轮到"
    LAPSED = "LAPSED", "已过期"
    USED = "USED", "已下单"


# From its turn a waiter has a right to one unit, for ten minutes; who let it pass or used it may queue again.
WAIT: Final = Lifecycle(
    "flash_sale_wait",
    initial=WaitState.WAITING,
    moves={
        "give": ({WaitState.WAITING}, WaitState.YOURS),
        "use": ({WaitState.YOURS}, WaitState.USED),
        "lapse": ({WaitState.WAITING, WaitState.YOURS}, WaitState.LAPSED),
        "queue_again": ({WaitState.LAPSED, WaitState.USED}, WaitState.WAITING),
    },
    final=set(),
    labels=dict(WaitState.choices),
)
