"""Whose birthday it is, and what their level gives them for it."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from apps.members.models import Member


def gifts_of(day: date) -> Iterator[tuple[int, int]]:
    """The members with a gift on this day, as (member id, points), streamed.

    Who was born on 29 February has the birthday on the 28th in a year without one. Disabled members get none.
    """
    born = Q(birthday__month=day.month, birthday__day=day.day)
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        born |= Q(birthday__month=2, birthday__day=29)
    rows = Member.objects.filter(born, level__birthday_points__gt=0, disabled_at__isnull=True)
    return rows.order_by("id").values_list("id", "level__birthday_points").iterator(chunk_size=1000)
