"""What distribution does about news: earning by orders, and becoming a promoter by buying."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from apps import outbox
from apps.distribution.services import commissions, earning, promoters, takebacks
from apps.members.models import Document
from mall import events
from mall.events import Event


def accrue_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Write what the order earns for who brought its buyer, once, and have it looked at."""
    earning.earn(order_no=event.order_no, at=at)


def freeze_many(received: Sequence[events.OrderReceived], *, at: datetime) -> Collection[Event]:
    """Have the after-sales windows run. None is left."""
    commissions.freeze_many(order_nos={event.order_no for event in received}, at=at)
    return ()


@outbox.together(freeze_many)
def freeze_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Have the after-sales window run."""
    commissions.freeze(order_no=event.order_no, at=at)


def join_many(received: Sequence[events.OrderReceived], *, at: datetime) -> Collection[Event]:
    """Leave those alone who may have become promoters: nobody, where the rules make none of who spends."""
    may_join = promoters.may_join_by_spending(member_ids={event.member_id for event in received})
    return [event for event in received if event.member_id in may_join]


@outbox.together(join_many)
def join_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Make a promoter of who has spent enough, where the rules say so."""
    promoters.join_by_spending(member_id=event.member_id, at=at)


def take_back_on_order_refunded(event: events.OrderRefunded, *, at: datetime) -> None:
    """Take back the refund's share of what the order earned."""
    takebacks.take_back(order_no=event.order_no, at=at)


def leave_on_consent_withdrawn(event: events.ConsentWithdrawn, *, at: datetime) -> None:
    """Who takes back their consent to the promoters' agreement promotes no more."""
    if event.document == Document.Kind.PROMOTER:
        promoters.leave(member_id=event.member_id, note="撤回推客协议", at=at)
