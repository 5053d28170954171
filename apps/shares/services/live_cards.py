"""Keeps the cards of a group telling (动态消息): how many have joined, then that it has begun."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import faults, transactions
from apps.outbox import services as outbox
from apps.shares.cards import Progress
from apps.shares.models import LiveCard
from apps.wechat import updatable
from mall.errors import ShopError
from mall.events import LiveCardChanged

log = structlog.get_logger(__name__)

_LEASE: Final = timedelta(seconds=60)
_FIRST_WAIT: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(minutes=10)
# WeChat's cards live 24 hours; one that ends in a moment is no good to whoever shares now.
_TOO_OLD: Final = timedelta(minutes=10)
# After so many tries, half a day, nobody looks at the card any more.
_MOST_TRIES: Final = 80


def begin_card(*, kind: str, subject: str, path: str, progress: Progress, at: datetime) -> LiveCard | None:
    """Return the card of a group that is sent from now on, made if need be; None for one that has begun already.

    Its number comes from WeChat a moment later (``activity_id`` is empty until then).
    """
    if progress.begun:
        return None
    with transaction.atomic():
        living = LiveCard.objects.select_for_update().filter(kind=kind, subject=subject, over=False).first()
        if living is not None:
            if living.expires_at is None or living.expires_at > at + _TOO_OLD:
                return living
            LiveCard.objects.filter(pk=living.pk).update(over=True, due_at=None)
        fresh = LiveCard(
            kind=kind,
            subject=subject,
            path=path,
            members=progress.members,
            limit=progress.limit,
            opened_at=at,
            due_at=at,
        )
        LiveCard.objects.bulk_create([fresh], ignore_conflicts=True)
        card = LiveCard.objects.get(kind=kind, subject=subject, over=False)
        outbox.publish(LiveCardChanged(live_card_id=card.pk), at=at)
    return card


def tell_progress(*, kind: str, subject: str, progress: Progress, at: datetime) -> bool:
    """Have the cards of a group say how far it has come; False where nobody has sent any, or they say so already.

    What has begun stays begun: the card says nothing else any more.
    """
    with transaction.atomic():
        card = LiveCard.objects.select_for_update().filter(kind=kind, subject=subject, over=False).first()
        said = None if card is None else (card.members, card.limit, card.begun)
        if card is None or card.begun or said == (progress.members, progress.limit, progress.begun):
            return False
        card.members, card.limit, card.begun = progress.members, progress.limit, progress.begun
        card.tries = 0
        # A worker that is at it has a lease and looks again; one that failed waits longer than that.
        if card.due_at is None or card.due_at > at + _LEASE:
            card.due_at = at
        card.save(update_fields=["members", "limit", "begun", "tries", "due_at"])
        outbox.publish(LiveCardChanged(live_card_id=card.pk), at=at)
    return True


def send_due(*, at: datetime, limit: int = 50) -> int:
    """Tell WeChat what cards have to say, the oldest first; return how many were tried. Safe side by side."""
    due = LiveCard.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:limit]
    return sum(send_news(live_card_id=card_id, at=at) for card_id in list(due))


def send_news(*, live_card_id: int, at: datetime) -> bool:
    """Get the card's number from WeChat if it has none, then tell what is new; False if nothing is due.

    What goes wrong is written on the row, which is due again later.
    """
    transactions.forbid("telling WeChat's cards")
    card = _taken(live_card_id, at=at)
    if card is None:
        return False
    until = card.due_at
    try:
        made = _told(card, at=at)
    except updatable.CardOver as over:
        made = {"over": True, "fault": faults.wording(over)[:200]}
    except ShopError as trouble:
        fault = faults.wording(trouble)
        log.warning("live_card_not_told", name=str(card.pk), reason=fault)
        _put_off(card, fault=fault, until=until, at=at)
        return True
    _settle(card, made, until=until, at=at)
    return True


def _taken(live_card_id: int, *, at: datetime) -> LiveCard | None:
    with transaction.atomic():
        rows = LiveCard.objects.select_for_update(skip_locked=True)
        card = rows.filter(pk=live_card_id, due_at__lte=at, over=False).first()
        if card is None:
            return None
        card.due_at = at + _LEASE
        card.tries += 1
        card.save(update_fields=["due_at", "tries"])
    return card


def _told(card: LiveCard, *, at: datetime) -> dict[str, object]:
    """Speak with WeChat; what the row has to keep of it. Raises CardOver, WechatUnavailable, WechatRefused."""
    made: dict[str, object] = {"fault": ""}
    if not card.activity_id:
        activity = updatable.create()
        # The client says the first figures itself when it sends the card (wx.updateShareMenu).
        made |= {"activity_id": activity.activity_id, "expires_at": activity.expires_at}
        made["told_members"] = card.members
        # Kept at once: a card may be sent with it from now on.
        LiveCard.objects.filter(pk=card.pk).update(**made)
        card.activity_id, card.told_members = activity.activity_id, card.members
    elif card.expires_at is not None and card.expires_at <= at:
        return {"over": True, "fault": ""}
    if card.begun:
        updatable.tell_begun(
            activity_id=card.activity_id, path=card.path, version=settings.WECHAT_ENV_VERSION
        )
        return {**made, "told_members": card.members, "over": True}
    if card.told_members != card.members:
        updatable.tell_joined(activity_id=card.activity_id, members=card.members, limit=card.limit)
        made["told_members"] = card.members
    return made


def _settle(card: LiveCard, made: dict[str, object], *, until: datetime | None, at: datetime) -> None:
    """Write down what WeChat knows; what changed meanwhile is due at once."""
    with transaction.atomic():
        now = LiveCard.objects.select_for_update().get(pk=card.pk)
        if now.due_at != until:
            return  # the lease ran out and another has it
        for column, value in made.items():
            setattr(now, column, value)
        now.tries = 0
        changed = (now.members, now.begun) != (card.members, card.begun)
        now.due_at = at if changed and not now.over else None
        now.save()


def _put_off(card: LiveCard, *, fault: str, until: datetime | None, at: datetime) -> None:
    rows = LiveCard.objects.filter(pk=card.pk, due_at=until)
    if card.tries >= _MOST_TRIES:
        rows.update(over=True, due_at=None, fault=fault[:200])
        return
    wait = min(_FIRST_WAIT * 2 ** min(card.tries - 1, 20), _LONGEST_WAIT)
    rows.update(due_at=at + wait, fault=fault[:200])
