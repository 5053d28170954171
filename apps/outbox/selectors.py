"""What was announced, found by a number that it tells of, and whether it is on its way still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, Exists, F, Func, JSONField, Max, OuterRef, Q, Value
from django.db.models.fields.json import KeyTextTransform

from apps.base import seeking
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus

# News is written with every order, so no index is kept for a search that is rare: so many of the newest are read.
SEARCHED: Final = seeking.NEWEST
# A value of the news itself or of a list in it, not the name of one.
_BEGINS_SO: Final = "$.*[*] ? (@ starts with $asked || @ starts with $code)"
_LONGEST_ID: Final = 18


def telling_of(asked: str, *, most: int) -> list[int]:
    """Return the ids of the newest ``most`` announcements that name what begins with ``asked``.

    One that is called so itself, 「#12」, comes first, however old it is: asked for by its key alone, not by both in one
    condition, for which all of them would be read.
    """
    newest = Announcement.objects.order_by("-pk")
    number = asked.removeprefix("#")
    called = int(number) if number.isascii() and number.isdigit() and len(number) <= _LONGEST_ID else 0
    last = newest.aggregate(last=Max("pk"))["last"] or 0
    telling = newest.filter(_by_content(asked), pk__gt=last - SEARCHED).values_list("pk", flat=True)
    return [*newest.filter(pk=called).values_list("pk", flat=True), *telling[:most]]


def on_the_way(kind: str, *, field: str, told_at: Mapping[str, datetime]) -> set[str]:
    """Return which numbers news of a kind names in its ``field`` that some listener has not dealt with yet.

    ``told_at`` says when each was announced, by which it is found. News that nobody tries to deliver any more is on its
    way, too: an operator may send it again. One statement, none without numbers.
    """
    if not told_at:
        return set()
    undone = Delivery.objects.filter(announcement=OuterRef("pk")).exclude(status=DeliveryStatus.DONE)
    news = (
        Announcement.objects.filter(kind=kind, announced_at__in=set(told_at.values()))
        .filter(Q(sorted_at=None) | Exists(undone))
        .order_by()
        .values_list(KeyTextTransform(field, "payload"), flat=True)
    )
    return told_at.keys() & set(news)


def _by_content(asked: str) -> Any:
    path = Func(Value(_BEGINS_SO), template="CAST(%(expressions)s AS jsonpath)")
    said = Value({"asked": asked, "code": asked.upper()}, output_field=JSONField())
    return Func(F("payload"), path, said, function="jsonb_path_exists", output_field=BooleanField())
