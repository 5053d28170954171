"""What of the books is reckoned and not read: a day's points at the shop's rate, WeChat's fee in whole fen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any, Final, NamedTuple

from django.db.models import Sum

from apps.base import days
from apps.books.models import Bill, BookDay
from apps.books.states import Account, BillKind, BillStatus, EntryKind
from apps.points import selectors as point_facts
from apps.points.models import Entry as PointsEntry
from apps.points.states import EntryKind as PointsKind
from mall import money

# Every other kind gives points.
_USED: Final = frozenset({PointsKind.HOLD, PointsKind.RELEASE, PointsKind.RESTORE, PointsKind.REDEEM})
_TAKEN: Final = frozenset({PointsKind.CLAW_BACK, PointsKind.DEDUCT})
_KIND_OF: Final[Mapping[str, EntryKind]] = {
    **dict.fromkeys(_USED, EntryKind.POINTS_USED),
    **dict.fromkeys(_TAKEN, EntryKind.POINTS_TAKEN),
    PointsKind.EXPIRE: EntryKind.POINTS_EXPIRED,
}
# What is given comes first and what expires last, so that the sum never falls below its end of the day.
_IN_ORDER: Final = (
    EntryKind.POINTS_EARNED,
    EntryKind.POINTS_USED,
    EntryKind.POINTS_TAKEN,
    EntryKind.POINTS_EXPIRED,
)
_LAST_SECOND: Final = timedelta(seconds=1)


class Row(NamedTuple):
    """A line of an entry: a debit where the amount is positive, in fen."""

    kind: str
    key: str
    at: str
    number: str
    account: str
    amount: int


def rows(*, since: date, until: date) -> list[dict[str, Any]]:
    """The reckoned lines of closed days and of trade bills in ``[since, until)``, ready for JSON."""
    return [row._asdict() for row in (*points_of(_closed(since, until)), *_fees(since, until))]


def points_of(closed: Iterable[BookDay]) -> Iterator[Row]:
    """What happened to the worth of all points on days that follow each other.

    The liability at a day's end is the worth of all points then, at the rate of that day; each kind of change takes it
    from one sum to the next, so that no rounding adds up. A change of the rate revalues what there was in the morning.
    """
    points: int | None = None
    rate = 0
    for book_day in closed:
        start, end = days.day_window(book_day.day)
        if points is None:
            points = point_facts.outstanding(before=start)
            rate = _rate_before(book_day)
        worth_fen = _worth(points, rate)
        rate = book_day.points_per_yuan
        changes = _changes(start, end)
        for kind, change in (
            (EntryKind.POINTS_REVALUED, 0),
            *((kind, changes.get(kind, 0)) for kind in _IN_ORDER),
        ):
            points += change
            more_fen = _worth(points, rate) - worth_fen
            worth_fen += more_fen
            yield from _posted(
                kind, book_day.day, {Account.POINTS: -more_fen, Account.POINTS_GIVEN: more_fen}
            )


def _worth(points: int, points_per_yuan: int) -> int:
    return money.points_worth(max(points, 0), points_per_yuan=points_per_yuan)


def _changes(start: datetime, end: datetime) -> dict[EntryKind, int]:
    """By how many points each kind of entry of the books changes the sum of a day."""
    changes: dict[EntryKind, int] = {}
    found = PointsEntry.objects.filter(at__gte=start, at__lt=end).order_by().values_list("kind")
    for kind, change in found.annotate(sum=Sum("change")):
        of = _KIND_OF.get(kind, EntryKind.POINTS_EARNED)
        changes[of] = changes.get(of, 0) + change
    return changes


def _rate_before(first: BookDay) -> int:
    """The rate of the day before, that of the day itself where the books begin with it."""
    before = BookDay.objects.filter(day__lt=first.day).order_by("-day").first()
    return (before or first).points_per_yuan


def _closed(since: date, until: date) -> Iterator[BookDay]:
    """The closed days of a window, as far as they follow each other."""
    found = BookDay.objects.filter(day__gte=since, day__lt=until).order_by("day")
    first = found.first()
    if first is None:
        return iter(())
    return (day for _, day in takewhile(lambda pair: pair[0] == pair[1].day, _counted(first.day, found)))


def _counted(first: date, found: Iterable[BookDay]) -> Iterator[tuple[date, BookDay]]:
    return ((first + timedelta(days=number), day) for number, day in enumerate(found))


def _fees(since: date, until: date) -> Iterator[Row]:
    """What WeChat kept of a day's payments: its fee, and what vouchers took that the merchant bears."""
    bills = Bill.objects.filter(kind=BillKind.TRADE, status=BillStatus.FETCHED, day__gte=since, day__lt=until)
    for bill in bills.order_by("day"):
        fee_fen = money.fen_around(bill.fee_millifen)
        kept = {Account.FEE: fee_fen, Account.VOUCHERS: bill.voucher_fen}
        yield from _posted(EntryKind.FEE, bill.day, {**kept, Account.SETTLING: -fee_fen - bill.voucher_fen})


def _posted(kind: EntryKind, day: date, amounts: Mapping[Account, int]) -> Iterator[Row]:
    at = days.day_window(day)[1] - _LAST_SECOND
    for account, amount in amounts.items():
        if amount:
            key = f"{kind.lower()}:{day}"
            yield Row(kind.value, key, at.isoformat(), f"{day}", account.value, amount)
