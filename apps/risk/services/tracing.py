"""Traces: what is noticed of members, kept as keyed digests, each once however often it is noticed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

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
_NOTE: Final = """
    INSERT INTO risk_trace AS known (member_id, trait, digest, first_at, last_at)
    SELECT %s, row.trait, row.digest, %s, %s FROM unnest(%s::text[], %s::text[]) AS row(trait, digest)
    ON CONFLICT (member_id, trait, digest) DO UPDATE SET last_at = GREATEST(known.last_at, EXCLUDED.last_at)
"""


def note(*, member_id: int, traits: Iterable[tuple[Trait, str]], at: datetime) -> None:
    """Note digests of a member's traits: one statement; those that are known are seen again."""
    rows = sorted(set(traits))
    if not rows:
        return
    with connection.cursor() as cursor:
        kinds, values = [str(trait) for trait, _ in rows], [digest for _, digest in rows]
        cursor.execute(_NOTE, [member_id, at, at, kinds, values])


def refresh(*, member_id: int, at: datetime) -> None:
    """Note what the shop knows of a member at this moment: phones, addresses, WeChat identity, phones' own marks.

    Nothing for who has left: what is kept of them only gets older.
    """
    member = Member.objects.filter(pk=member_id, erased_at=None).first()
    if member is None:
        return
    kept = list(
        Address.objects.filter(member=member).values("phone", "province", "city", "district", "detail")
    )
    places = [*kept, *risk_facts.addresses_of(member_id)]
    marks = Visit.objects.filter(member=member).exclude(visitor_id="").values_list("visitor_id", flat=True)
    told: list[tuple[Trait, str]] = [(Trait.PAYER, member.openid)]
    told += [(Trait.DEVICE, mark) for mark in set(marks)]
    told += [(Trait.PHONE, number) for number in {member.phone, *(_of(place, "phone") for place in places)}]
    told += [(Trait.ADDRESS, one_form(place)) for place in places]
    note(
        member_id=member_id,
        traits=[(trait, digests.of(trait, value)) for trait, value in told if value],
        at=at,
    )


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
        deleted, _ = Trace.objects.filter(
            pk__in=list(old.order_by("last_at").values_list("pk", flat=True)[:_BATCH])
        ).delete()
    return deleted


def _of(place: Mapping[str, object], name: str) -> str:
    """A part of an address; those of orders whose time is over have none."""
    return str(place.get(name) or "").strip()
