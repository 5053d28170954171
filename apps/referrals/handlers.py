"""What referrals do about news: friends count when they did it, and no more when their order went back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from apps import outbox
from apps.referrals import services as referrals
from mall import events
from mall.events import Event


def count_on_friend_invited(event: events.FriendInvited, *, at: datetime) -> None:
    """Count who registered, where that is all that is asked of a friend."""
    referrals.count_invited(invitation_id=event.invitation_id, at=at)


def count_on_phone_bound(event: events.PhoneBound, *, at: datetime) -> None:
    """Count who had done everything but tell their phone."""
    referrals.count_phone(member_id=event.member_id, at=at)


def count_many(received: Sequence[events.OrderReceived], *, at: datetime) -> Collection[Event]:
    """Leave those alone whose buyers somebody invited; the others count for nobody."""
    invited = referrals.invited_to_order(member_ids={event.member_id for event in received})
    return [event for event in received if event.member_id in invited]


@outbox.together(count_many)
def count_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Count the buyer whom somebody invited to their first order."""
    referrals.count_order(order_no=event.order_no, at=at)


def take_back_on_order_refunded(event: events.OrderRefunded, *, at: datetime) -> None:
    """Count the buyer no more where nothing is left of the order."""
    referrals.take_back(order_no=event.order_no, at=at)
