"""How a campaign gets from a draft to its end, and what shoppers read of where it stands."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle


class Approval(TextChoices):
    """What operators decided. Preheat, running and over follow from the window, and are stored nowhere."""

    DRAFT = "DRAFT", "草稿"
    APPROVED = "APPROVED", "已批准"
    PAUSED = "PAUSED", "已暂停"
    STOPPED = "STOPPED", "已提前结束"


class State(TextChoices):
    """What shoppers read of a campaign that was approved."""

    UPCOMING = "UPCOMING", "未开始"
    LIVE = "LIVE", "进行中"
    ENDED = "ENDED", "已结束"


LIFECYCLE: Final = Lifecycle(
    "campaign",
    initial=Approval.DRAFT,
    moves={
        "approve": ({Approval.DRAFT}, Approval.APPROVED),
        "pause": ({Approval.APPROVED}, Approval.PAUSED),
        "resume": ({Approval.PAUSED}, Approval.APPROVED),
        "stop": ({Approval.APPROVED, Approval.PAUSED}, Approval.STOPPED),
    },
    final={Approval.STOPPED},
    labels=dict(Approval.choices),
)
