"""Notes who came by a share, whom that made a member, and what they ordered. Nonsense does nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.base import days
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.shares import cards
from apps.shares import selectors as share_facts
from apps.shares.models import ShareOrder, Visit
from mall.events import ShareVisited

_MARK: Final = re.compile(r"[0-9A-Za-z_.:\-]{1,64}", re.ASCII)
# Mini programs log in silently when they open: the landing may be told some minutes after the registration it brought.
_LATE_LANDING: Final = timedelta(minutes=30)
# So many of a phone's former visits become its owner's at a login.
_MOST_LINKED: Final = 50


def note_visit(*, token: object, visitor_id: object, member: Member | None, at: datetime) -> Visit | None:
    """Note that somebody came by a share; return the row, or None for a token that is not ours and for one's own share.

    Once a Shanghai day for each visitor; a mark that no phone of ours would make is as none. Whoever logs in owns
    what the same phone saw before, within the days that count.
    """
    share = share_facts.by_token(token)
    if share is None or (member is not None and share.member_id == member.pk):
        return None
    mark = visitor_id if isinstance(visitor_id, str) and _MARK.fullmatch(visitor_id) else ""
    with transaction.atomic():
        if member is not None and mark:
            _link(mark, member, at=at)
        visit, fresh = Visit.objects.get_or_create(
            share=share,
            visitor_id=mark,
            member=member,
            day=days.shop_day(at),
            defaults={"first_at": at, "last_at": at},
        )
        if not fresh:
            Visit.objects.filter(pk=visit.pk, last_at__lte=at).update(last_at=at, landings=F("landings") + 1)
        if member is not None:
            _note_registration(member)
            for landing in cards.landings():
                landing(share, member=member, at=at)
            outbox.publish(ShareVisited(member_id=member.pk, share_id=share.pk, visit_id=visit.pk), at=at)
    return visit


def note_order(*, order_no: str, member_id: int, placed_at: datetime) -> None:
    """Give an order to the share by which its member came last before it, within the days that count. Once."""
    since = placed_at - timedelta(days=settings.SHARE_DAYS)
    came = Visit.objects.filter(member_id=member_id, first_at__gt=since, first_at__lte=placed_at)
    visit = came.exclude(share__member_id=member_id).order_by("-first_at", "-id").first()
    if visit is None:
        return
    row = ShareOrder(
        order_no=order_no,
        share_id=visit.share_id,
        member_id=member_id,
        visited_at=visit.first_at,
        placed_at=placed_at,
    )
    ShareOrder.objects.bulk_create([row], ignore_conflicts=True)


def note_payment(*, order_no: str, paid_at: datetime) -> None:
    """Note that an order which came by a share was paid; others are nobody's."""
    ShareOrder.objects.filter(order_no=order_no, paid_at=None).update(paid_at=paid_at)


def forget_visits(*, at: datetime, limit: int) -> int:
    """Delete visits whose time is over (SHARE_VISIT_DAYS); return how many."""
    keys = list(share_facts.old_visits(at=at).order_by("last_at").values_list("pk", flat=True)[:limit])
    deleted, _ = Visit.objects.filter(pk__in=keys).delete()
    return deleted


def _link(mark: str, member: Member, *, at: datetime) -> None:
    """Make the phone's nameless visits the member's; one that the member has already takes the landings over."""
    since = at - timedelta(days=settings.SHARE_DAYS)
    nameless = Visit.objects.filter(visitor_id=mark, member=None, first_at__gt=since)
    rows = nameless.select_for_update(no_key=True).exclude(share__member=member)
    for visit in rows.order_by("-first_at")[:_MOST_LINKED]:
        own = Visit.objects.filter(share_id=visit.share_id, visitor_id=mark, member=member, day=visit.day)
        if twin := own.first():
            own.update(
                landings=F("landings") + visit.landings,
                first_at=min(twin.first_at, visit.first_at),
                last_at=max(twin.last_at, visit.last_at),
            )
            visit.delete()
        else:
            Visit.objects.filter(pk=visit.pk).update(member=member)


def _note_registration(member: Member) -> None:
    """Give the member's registration to the visit that brought it: the last before it, or the first right after it.

    Decided once, by whoever notes the first such visit.
    """
    joined = member.registered_at
    mine = Visit.objects.filter(member=member)
    if mine.filter(registered=True).exists():
        return
    others = mine.exclude(share__member=member)
    since = joined - timedelta(days=settings.SHARE_DAYS)
    before = others.filter(first_at__gt=since, first_at__lte=joined).order_by("-first_at", "-id").first()
    after = others.filter(first_at__gt=joined, first_at__lte=joined + _LATE_LANDING).order_by(
        "first_at", "id"
    )
    brought = before or after.first()
    if brought is None:
        return
    # Another request of the same member may be at it: one after the other, and the second sees what the first did.
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not mine.filter(registered=True).exists():
        Visit.objects.filter(pk=brought.pk).update(registered=True)
