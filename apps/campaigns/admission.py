"""Whether a campaign can be ordered from at this moment, and the refusals that say why not."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from apps.campaigns.states import Approval, State
from mall.errors import Kind, NotFound, ShopError


class Windowed(Protocol):
    """A campaign, as its row or as a process keeps it."""

    @property
    def approval(self) -> str: ...

    @property
    def starts_at(self) -> datetime: ...

    def state_at(self, moment: datetime, /) -> State:
        """Where this moment lies in its window."""


class NotStarted(ShopError):
    """It is announced and has not begun; ``details`` has ``starts_at``."""

    code = "activity_not_started"
    message = "活动还没有开始"
    kind = Kind.CONFLICT


class Ended(ShopError):
    """It is over, or is paused."""

    code = "activity_ended"
    message = "活动已结束"
    kind = Kind.CONFLICT


class NotForYou(ShopError):
    """The activity is for others; ``details`` has the ``reason`` as a word for programs."""

    code = "activity_not_for_you"
    message = "您暂不符合参加此活动的条件"
    kind = Kind.CONFLICT


def check_open(row: Windowed, *, at: datetime) -> None:
    """Refuse whoever cannot order from it now.

    Raises NotFound for a draft, which nobody has been told of, NotStarted, and Ended (also while it is paused).
    """
    if row.approval == Approval.DRAFT:
        raise NotFound
    state = row.state_at(at)
    if state == State.UPCOMING:
        raise NotStarted(details={"starts_at": row.starts_at})
    if state == State.ENDED:
        raise Ended
    if row.approval == Approval.PAUSED:
        raise Ended("活动已暂停")
