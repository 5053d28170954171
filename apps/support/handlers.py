"""What surveys do about news."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from apps import outbox
from apps.members.models import Document
from apps.messaging import services as messaging
from apps.support import services as surveys
from apps.support import telling
from mall import events
from mall.events import Event


def erase_on_consent_withdrawn(event: events.ConsentWithdrawn, *, at: datetime) -> None:
    """Delete what the member answered under the privacy document."""
    if event.document == Document.Kind.PRIVACY:
        surveys.erase_of_member(member_id=event.member_id)


def ask_many(received: Sequence[events.OrderReceived], *, at: datetime) -> Collection[Event]:
    """Ask, three days after each receipt, what the member thinks; each order once. None is left."""
    drafts = [
        messaging.Draft(
            scene="survey",
            member_id=event.member_id,
            subject=event.order_no,
            occasion=event.order_no,
            due_at=at + telling.ASK_AFTER,
        )
        for event in received
    ]
    messaging.write_many(drafts, at=at)
    return ()


@outbox.together(ask_many)
def ask_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Ask, likewise."""
    ask_many([event], at=at)
