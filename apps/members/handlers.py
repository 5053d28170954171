"""What members' own tables do about news."""

from __future__ import annotations

from datetime import datetime

from apps.members.models import Document
from apps.members.services import uploads
from mall import events


def erase_pictures_on_consent_withdrawn(event: events.ConsentWithdrawn, *, at: datetime) -> None:
    """Delete the member's avatar and the pictures that nothing took; who took one erases it for itself."""
    if event.document == Document.Kind.PRIVACY:
        uploads.erase_of_member(member_id=event.member_id, all_of_them=False)
