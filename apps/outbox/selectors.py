"""What was announced lately, found by a number that it tells of."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import BooleanField, F, Func, JSONField, Max, Value

from apps.outbox.models import Announcement

# News is written with every order, so no index is kept for a search that is rare: so many of the newest are read.
SEARCHED: Final = 100_000
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


def _by_content(asked: str) -> Any:
    path = Func(Value(_BEGINS_SO), template="CAST(%(expressions)s AS jsonpath)")
    said = Value({"asked": asked, "code": asked.upper()}, output_field=JSONField())
    return Func(F("payload"), path, said, function="jsonb_path_exists", output_field=BooleanField())
