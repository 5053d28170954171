"""Traces: what is noticed of members, kept as keyed digests, each once however often it is noticed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from apps.base import digests
from apps.members.models import Address, Member
from apps.risk import selectors as risk_facts
from apps.risk.models import Trace
from apps.risk.states import Trait
from apps.shares.models import Visit
from mall import text as texts

_BATCH: Final = 5_000
# What people leave out or write otherwise in one and the same address.
_NO_LETTER: Final = re.compile(r"[\W_]+")
# To the day is near enough for how long a trace is kept.
_SEEN_WITHIN: Final = timedelta(days=1)
# What was seen lately is not even locked, and the rest is locked in one order by everybody.
_NOTE: Final = """
    INSERT INTO risk_trace AS known (member_id, trait, digest, first_at, last_at)
    SELECT row.member_id, row.trait, row.digest, %(at)s, %(at)s
      FROM unnest(%(members)s::bigint[], %(traits)s::text[], %(digests)s::text[]) AS row(member_id, trait, digest)
     WHERE NOT EXISTS (SELECT 1 FROM risk_trace seen
                        WHERE seen.member_id = row.member_id AND seen.trait = row.trait AND seen.digest = row.digest
                          AND seen.last_at > %(lately)s)
     ORDER BY row.member_id, row.trait, row.digest
    ON CONFLICT (member_id, trait, digest) DO UPDATE SET last_at = GREATEST(known.last_at, EXCLUDED.last_at)
"""


class _Told(NamedTuple):
    """A digest of a member's trait."""

    member_id: int
    trait: str
    digest: str


def note(*, member_id: int, traits: Iterable[tuple[Trait, str]], at: datetime) -> None:
    """Note digests of a member's traits: one statement; those that were not seen for a day are seen again."""
    _note([_Told(member_id, str(trait), digest) for trait, digest in traits], at=at)


def refresh(*, member_ids: Collection[int], at: datetime) -> None:
    """Note what the shop knows of members at this moment: phones, addresses, WeChat identity, phones' own marks.

    Nothing for who has left: what is kept of them only gets older. Whoever looks at several names them at once, so that
    all of their traces are locked in one order.
    """
    living = Member.objects.filter(pk__in=member_ids, erased_at=None)
    _note([told for member in living for told in _told(member)], at=at)


def _note(told: Iterable[_Told], *, at: datetime) -> None:
    rows = sorted(set(told))
    if not rows:
        return
    members, traits, found = (list(column) for column in zip(*rows, strict=True))
    values: dict[str, Any] = {
        "members": members,
        "traits": traits,
        "digests": found,
        "at": at,
        "lately": at - _SEEN_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


def _told(member: Member) -> Iterator[_Told]:
    """What is known of a living member, each trait as a digest."""
    kept = list(
        Address.objects.filter(member=member).values("phone", "province", "city", "district", "detail")
    )
    places = [*kept, *risk_facts.addresses_of(member.pk)]
    marks = Visit.objects.filter(member=member).exclude(visitor_id="").values_list("visitor_id", flat=True)
    told: list[tuple[Trait, str]] = [(Trait.PAYER, member.openid)]
    told += [(Trait.DEVICE, mark) for mark in set(marks)]
    told += [(Trait.PHONE, number) for number in {member.phone, *(_of(place, "phone") for place in places)}]
    told += [(Trait.ADDRESS, one_form(place)) for place in places]
    for trait, value in told:
        if value:
            yield _Told(member.pk, str(trait), digests.of(trait, value))


def one_form(place: Mapping[str, object]) -> str:
    """An address in the one form in which two spellings of it are the same; empty where there is no street.

    City, district and street without blanks, signs and width; the province, which some leave out, does not count.
    """
    if not _of(place, "detail"):
        return ""
    whole = "".join(_of(place, name) for name in ("city", "district", "detail"))
    plain = unicodedata.normalize("NFKC", texts.plain(whole)).casefold()
    return _NO_LETTER.sub("", plain)


def forget(*, at: datetime) -> int:
    """Delete traces that were not seen for RISK_TRACE_DAYS; return how many, at most ``_BATCH``."""
    old = Trace.objects.filter(last_at__lt=at - timedelta(days=settings.RISK_TRACE_DAYS))
    with transaction.atomic():
        # Whoever is seen at this moment stays.
        free = old.order_by("last_at").select_for_update(skip_locked=True)
        deleted, _ = Trace.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:_BATCH])).delete()
    return deleted


def _of(place: Mapping[str, object], name: str) -> str:
    """A part of an address; those of orders whose time is over have none."""
    return str(place.get(name) or "").strip()
