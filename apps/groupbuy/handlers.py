"""What group-buys do about news."""

from __future__ import annotations

from datetime import datetime

from apps.groupbuy import services as groupbuy
from mall.events import GroupFormed


def form_on_group_formed(event: GroupFormed, *, at: datetime) -> None:
    """Form the orders of the group that somebody had in hand when it was formed."""
    groupbuy.form_rest(group_no=event.group_no, at=at)
