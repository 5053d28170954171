"""What surveys do about news."""

from __future__ import annotations

from datetime import datetime

from apps.members.models import Document
from apps.support import services as surveys
from mall import events


def erase_on_consent_withdrawn(event: events.ConsentWithdrawn, *, at: datetime) -> None:
    """Delete what the member answered under the privacy document."""
    if event.document == Document.Kind.PRIVACY:
        surveys.erase_of_member(member_id=event.member_id)
