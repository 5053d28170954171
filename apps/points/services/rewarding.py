"""Rewards beside shopping: named interactions by their rules, and the birthday gift of the member's level."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from django.db import transaction

from apps.base import days
from apps.members import birthdays
from apps.members.services import growth
from apps.messaging import services as messaging
from apps.points.models import Entry, InteractionRule
from apps.points.services import booking, earning
from apps.points.states import EntryKind, Interaction

# A clock that stood still for so many days still brings the gifts.
LATE_DAYS: Final = 3
_CHUNK: Final = 1000


@transaction.atomic
def reward(*, member_id: int, interaction: Interaction, subject: str = "", at: datetime) -> Entry | None:
    """Give what the rule of an interaction gives, in points and growth; None where it gives nothing (more).

    ``subject`` (at most 50 characters) names what was reviewed or answered: the same one is rewarded once, and
    nothing beyond the rule's cap of a Shanghai day, or beyond once where the rule says so.
    """
    rule = InteractionRule.objects.filter(kind=interaction, enabled=True).first()
    if rule is None:
        return None
    account = booking.lock(member_id=member_id, at=at)
    kind = EntryKind(interaction.value)
    given = Entry.objects.filter(account=account, kind=kind)
    if rule.once and given.exists():
        return None
    start, end = days.day_window(days.shop_day(at))
    if rule.daily_cap and given.filter(at__gte=start, at__lt=end).count() >= rule.daily_cap:
        return None
    cause = f"{interaction.lower()}:{subject}"
    entry = earning.earn(member_id=member_id, amount=rule.points, cause=cause, kind=kind, at=at)
    if entry is not None and rule.growth:
        growth.add(member_id=member_id, amount=rule.growth, cause=cause, at=at)
    return entry


def give_birthday_gifts(*, at: datetime) -> int:
    """Give the points of their level to all whose birthday is today, or was in the last days; once a year.

    Return how many were given.
    """
    given = 0
    today = days.shop_day(at)
    for back in range(LATE_DAYS + 1):
        day = today - timedelta(days=back)
        gifts = birthdays.gifts_of(day)
        while some := dict(islice(gifts, _CHUNK)):
            # All others had theirs an hour ago: no account is locked to learn that.
            for member_id in sorted(some.keys() - _given(some, day)):
                given += _give_birthday_gift(member_id, some[member_id], day, at=at)
    return given


def _given(member_ids: Iterable[int], day: date) -> set[int]:
    """Those of these members who have the gift of this birthday."""
    entries = Entry.objects.filter(account__member__in=list(member_ids), business_key=_cause(day))
    return set(entries.order_by().values_list("account__member", flat=True))


def _cause(day: date) -> str:
    return f"birthday:{day.year}"


def _give_birthday_gift(member_id: int, points: int, day: date, *, at: datetime) -> bool:
    with transaction.atomic():
        entry = earning.earn(
            member_id=member_id,
            amount=points,
            cause=_cause(day),
            kind=EntryKind.BIRTHDAY,
            reason="生日快乐",
            at=at,
        )
        # A gift that comes days late is found in the account; nobody is congratulated late.
        if entry is not None and day == days.shop_day(at):
            year = str(day.year)
            messaging.write(scene="birthday", member_id=member_id, subject=year, occasion=year, at=at)
    return entry is not None
