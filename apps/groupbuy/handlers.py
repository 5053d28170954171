"""What group-buys do about news."""

from __future__ import annotations

from datetime import datetime

from apps.groupbuy import services as groupbuy
from apps.groupbuy import telling
from apps.messaging import services as messaging
from mall.events import GroupFailed, GroupFormed, GroupLacksOne


def form_on_group_formed(event: GroupFormed, *, at: datetime) -> None:
    """Form the orders of the group that somebody had in hand when it was formed."""
    groupbuy.form_rest(group_no=event.group_no, at=at)


def tell_on_group_formed(event: GroupFormed, *, at: datetime) -> None:
    """Tell everybody in the group that it is formed."""
    messaging.write_many(telling.members_of(event.group_no, scene="group_result"), at=at)


def tell_on_group_failed(event: GroupFailed, *, at: datetime) -> None:
    """Tell everybody who had paid that the group failed and the money goes back."""
    messaging.write_many(telling.members_of(event.group_no, scene="group_result"), at=at)


def tell_on_group_lacks_one(event: GroupLacksOne, *, at: datetime) -> None:
    """Tell everybody in the group that one friend is missing."""
    messaging.write_many(telling.members_of(event.group_no, scene="group_missing"), at=at)
