"""Reading audiences: who a segment means, how many that are, and how a member stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, QuerySet

from apps.audiences import compiling, conditions, sources, wording
from apps.audiences.compiling import Among
from apps.audiences.conditions import Both
from apps.audiences.models import (
    Reckoning,
    Rfm,
    RfmRules,
    Segment,
    SegmentSize,
    SegmentVersion,
    Tag,
    TagMark,
)
from apps.audiences.states import Standing
from apps.members.models import Member
from mall.errors import ShopError

# Members at a time: ids only, so that the whole of a large shop never lies in memory.
BATCH: Final = 5_000
# So many ids are looked at by one statement.
SLICE: Final = 20_000
# How long an operator's page waits for the exact number before it takes a sample.
PATIENCE_SECONDS: Final = 1.0
SAMPLE: Final = 2_000
# What a sample may take of that: it is the last resort.
_LONGER: Final = 5
# Hash tables of whole tables of members and orders: below it PostgreSQL would compare row by row.
_MEMORY: Final = "256MB"
# The shop's own borders, until somebody writes others: days, orders, fen.
OWN: Final[dict[str, Any]] = {
    "own_days": [30, 60, 90, 180],
    "own_orders": [2, 3, 5, 8],
    "own_money_fen": [100_00, 300_00, 800_00, 2_000_00],
}
_CANCELLED: Final = "57014"


class TooLong(ShopError):
    """The conditions cannot be counted in the time that is given, not even in a sample."""

    code = "segment_too_long"
    message = "条件太复杂，一时数不出人数，请减少条件后重试"


class Size(NamedTuple):
    """How many members; where not ``exact``, about so many, give or take ``give_or_take``, by a sample of ``sample``."""

    members: int
    exact: bool = True
    sample: int = 0
    give_or_take: int = 0


def tree_of(version: SegmentVersion) -> Both:
    """The conditions of a version."""
    return conditions.read(version.tree)


def members_in(
    tree: Both, *, at: datetime, batch: int = BATCH, among: Among = compiling.EVERYBODY
) -> Iterator[list[int]]:
    """The ids of the members whom a tree means, rising, at most ``batch`` at a time.

    One statement for each slice of ids, so that nothing is held between them and no lock is taken.
    """
    last = Member.objects.order_by("-id").values_list("id", flat=True).first() or 0
    until = last if among.until is None else min(last, among.until)
    for after in range(among.after or 0, until, SLICE):
        part = Among(ids=among.ids, after=after, until=min(after + SLICE, until))
        found = list(compiling.members(tree, at=at, among=part).order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(found), batch):
            yield found[first : first + batch]


def members_of(*, version: SegmentVersion, at: datetime, batch: int = BATCH) -> Iterator[list[int]]:
    """The ids of the members whom a version of a segment means, rising, in batches of at most ``batch``."""
    return members_in(tree_of(version), at=at, batch=batch)


def contains(*, version: SegmentVersion, member_id: int, at: datetime) -> bool:
    """Whether a version of a segment means this member now: one statement by indexes of the member."""
    return compiling.members(tree_of(version), at=at, among=Among(ids=[member_id])).exists()


def count(*, version: SegmentVersion, at: datetime, seconds: float = PATIENCE_SECONDS) -> Size:
    """How many members a version means: exact if that takes no longer than ``seconds``, else by a sample. Raises TooLong."""
    return count_in(tree_of(version), at=at, seconds=seconds)


def count_in(tree: Both, *, at: datetime, seconds: float = PATIENCE_SECONDS) -> Size:
    """The same of a tree that is not saved."""
    try:
        with _within(seconds):
            return Size(compiling.members(tree, at=at).count())
    except TooLong:
        return estimated(tree, at=at, seconds=seconds)


def estimated(tree: Both, *, at: datetime, seconds: float) -> Size:
    """How many by a sample of members, spread over all ids; the margin is that of 95 % of such samples."""
    with _within(seconds * _LONGER):
        living = Member.objects.filter(disabled_at__isnull=True).count()
        step = max(1, living // SAMPLE)
        ids = list(_every(step))
    with _within(seconds * _LONGER):
        found = compiling.members(tree, at=at, among=Among(ids=ids)).count()
    return scaled(found=found, sample=len(ids), of=living)


def scaled(*, found: int, sample: int, of: int) -> Size:
    """What ``found`` of a sample come to in all, with the margin 1.96 × √(p(1-p)/n), whole numbers throughout."""
    if not sample:
        return Size(0, exact=False)
    # The variance of the number found is found × (sample - found) / sample; its root, times 1.96 and the scale.
    margin = (196 * _root(found * (sample - found) * 10_000 // sample) * of) // (100 * 100 * sample)
    return Size(found * of // sample, exact=False, sample=sample, give_or_take=margin)


def _every(step: int) -> QuerySet[Member, int]:
    """Each ``step``-th id of the living."""
    rows = Member.objects.filter(disabled_at__isnull=True).order_by()
    return rows.alias(left=F("id") % step).filter(left=0).values_list("id", flat=True)


def _root(number: int) -> int:
    """The whole part of a square root."""
    guess = number
    while guess * guess > number:
        guess = (guess + number // guess) // 2
    return guess


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Statements that are given up after so many seconds, and may hash whole tables in memory. Raises TooLong."""
    before: tuple[str, str, str] = ("", "", "")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('statement_timeout'), current_setting('work_mem'), current_setting('jit')"
                )
                before = cursor.fetchone()
                _set(cursor, (f"{int(seconds * 1000)}ms", _MEMORY, "off"))
            yield
            with connection.cursor() as cursor:
                _set(cursor, before)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _CANCELLED:
            raise
        raise TooLong from error


def _set(cursor: Any, values: tuple[str, str, str]) -> None:
    """For the rest of the transaction, or until it is set back."""
    cursor.execute(
        "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true),"
        " set_config('jit', %s, true)",
        values,
    )


def sample_of(tree: Both, *, at: datetime, most: int = 20) -> list[Member]:
    """Some members whom a tree means, the newest first. Raises TooLong."""
    with _within(PATIENCE_SECONDS * 5):
        rows = compiling.members(tree, at=at).select_related("level", "rfm").order_by("-pk")
        return list(rows[:most])


def told(tree: Both) -> list[tuple[int, str]]:
    """A tree in Chinese, line by line with how far each stands in."""
    return wording.lines(tree, names=sources.names(conditions.rows_named(tree)))


def sentence(tree: Both) -> str:
    """A tree in Chinese, in one line."""
    return wording.sentence(tree, names=sources.names(conditions.rows_named(tree)))


def sizes_of(segment: Segment, *, days: int = 90) -> list[SegmentSize]:
    """How many members a segment had, the oldest day first."""
    return list(SegmentSize.objects.filter(segment=segment).order_by("-day")[:days])[::-1]


def rules() -> RfmRules:
    """The rules of scoring in force; the defaults where nobody saved any."""
    return RfmRules.objects.filter(pk=1).first() or RfmRules(pk=1, **OWN)


def last_reckoning() -> Reckoning | None:
    """What the last night found."""
    return Reckoning.objects.order_by("-day").first()


def reckonings(*, days: int = 90) -> list[Reckoning]:
    """What the last nights found, the oldest first."""
    return list(Reckoning.objects.order_by("-day")[:days])[::-1]


def rfm_of(member: Member) -> Rfm | None:
    """How a member stands; None before the first night."""
    return Rfm.objects.filter(member=member).first()


class Left(NamedTuple):
    """What a member left lying: SKUs in the cart for a day or more, usable coupons, products seen by shares in 30 days."""

    in_cart: int
    coupons: int
    seen: int


def left_by(member: Member, *, at: datetime) -> Left:
    """What a member left lying, as the conditions of segments mean it; three statements."""
    return Left(
        in_cart=compiling.left_in_cart(hours=24, at=at).filter(member=member).count(),
        coupons=compiling.unused_coupons(at=at).filter(member=member).count(),
        seen=compiling.seen_not_bought(days=30, at=at)
        .filter(member=member)
        .values("share__subject")
        .distinct()
        .count(),
    )


def tags_of(member: Member) -> QuerySet[TagMark]:
    """The tags that a member bears, those of the living tags only."""
    rows = TagMark.objects.filter(member=member, tag__archived_at=None)
    return rows.select_related("tag", "operator").order_by("tag__name")


def tags_by_hand() -> QuerySet[Tag]:
    """Tags that operators may put on members."""
    return Tag.objects.filter(kind="HAND", archived_at=None).order_by("name")


def standing_sizes() -> dict[str, int]:
    """How many living members stand in each class now; who has no row yet has never bought."""
    rows = Rfm.objects.filter(member__disabled_at__isnull=True).order_by().values_list("standing")
    found = {**dict.fromkeys(Standing.values, 0), **dict(rows.annotate(members=Count("*")))}
    living = Member.objects.filter(disabled_at__isnull=True).count()
    found[Standing.NEVER] = max(0, living - sum(n for name, n in found.items() if name != Standing.NEVER))
    return found
