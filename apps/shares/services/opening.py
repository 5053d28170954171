"""Opens shares: a member's token for a thing is made once, and whoever asks again has the same one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.outbox import services as outbox
from apps.shares import tokens
from apps.shares.cards import Card, Kind
from apps.shares.models import Share
from apps.shares.services.drawing import LEASE
from mall.events import ShareWanted


def open_share(*, member_id: int, kind: Kind, card: Card, at: datetime) -> Share:
    """Return the member's share of the thing, made if need be; what is missing of code and poster is asked for.

    Two requests at once have the same: the constraint lets one row in. A new day, another price, title or picture
    asks for another poster.
    """
    sign = card.sign(at=at)
    with transaction.atomic():
        fresh = Share(
            member_id=member_id,
            kind=kind.name,
            subject=card.subject,
            title=card.title[:120],
            token=tokens.fresh(),
            opened_at=at,
            shared_at=at,
        )
        Share.objects.bulk_create([fresh], ignore_conflicts=True)
        mine = Share.objects.select_for_update(no_key=True)
        share = mine.get(member_id=member_id, kind=kind.name, subject=card.subject)
        share.title, share.shared_at = fresh.title, at
        if share.wanted_sign != sign:
            share.wanted_sign, share.tries = sign, 0
        # A worker that is at it is left alone: it looks at what is wanted once more when it is done. One that
        # failed waits longer than any lease; who shares anew does not.
        if not share.is_made and (share.due_at is None or share.due_at > at + LEASE):
            share.due_at = at
            outbox.publish(ShareWanted(share_id=share.pk), at=at)
        share.save(update_fields=["title", "shared_at", "wanted_sign", "tries", "due_at"])
    return share
