"""Where the goods of an order of a pre-sale stand, and whether WeChat knows that they leave late."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle

# The word of the API, and what operators and badges say.
KIND: Final = "presale"
LABEL: Final = "预售"


class PlanStatus(TextChoices):
    """Units of an order that were sold before they were here."""

    PLANNED = "PLANNED", "待到货"
    ARRIVED = "ARRIVED", "已配货"
    DROPPED = "DROPPED", "已取消"


class ReportStatus(TextChoices):
    """Whether WeChat knows that a payment's goods leave later than it expects."""

    WAITING = "WAITING", "待报备"
    DONE = "DONE", "已报备"
    FAILED = "FAILED", "报备失败"


LIFECYCLE: Final = Lifecycle(
    "presale reservation",
    initial=PlanStatus.PLANNED,
    moves={
        "arrive": ({PlanStatus.PLANNED}, PlanStatus.ARRIVED),
        "drop": ({PlanStatus.PLANNED, PlanStatus.ARRIVED}, PlanStatus.DROPPED),
    },
    final={PlanStatus.DROPPED},
    labels=dict(PlanStatus.choices),
)
