"""What can be read about points: balances, rules, what expires, the shelf of the points mall, the books."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.base import days
from apps.members.models import Member
from apps.points.models import Account, CheckIn, Entry, Lot, PointsGood, Rules


class Balance(NamedTuple):
    """What a member can spend now, what they owe, and what goes next: so many points at that instant."""

    balance: int
    debt: int
    expiring: int
    expiring_at: datetime | None


def rules() -> Rules:
    """The rules in force: the operator's row, or the defaults of its columns."""
    return Rules.objects.filter(pk=1).first() or Rules(pk=1)


def balance_of(member: Member, *, at: datetime) -> int:
    """How many points the member can spend now, lots past their end left out: one query."""
    return _spendable(member, at=at).aggregate(sum=Coalesce(Sum("left"), 0))["sum"]


def account_of(member: Member, *, at: datetime) -> Balance:
    """The member's points as they see them: two queries."""
    debt = Account.objects.filter(member=member).values_list("debt", flat=True).first() or 0
    by_end = list(
        _spendable(member, at=at)
        .values("expires_at")
        .annotate(points=Sum("left"))
        .order_by(F("expires_at").asc(nulls_last=True))
    )
    total = sum(row["points"] for row in by_end)
    first = by_end[0] if by_end and by_end[0]["expires_at"] else None
    return Balance(total, debt, first["points"] if first else 0, first["expires_at"] if first else None)


def entries_of(member: Member) -> QuerySet[Entry]:
    """The member's ledger."""
    return Entry.objects.filter(account__member=member)


def _spendable(member: Member, *, at: datetime) -> QuerySet[Lot]:
    living = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    return Lot.objects.filter(living, account__member=member, left__gt=0).order_by()


class Calendar(NamedTuple):
    """A member's check-ins of one month, and where the streak stands today."""

    days: list[date]
    checked_in_today: bool
    streak: int
    days_to_bonus: int
    rules: Rules


def calendar_of(member: Member, *, first: date, after: date, at: datetime) -> Calendar:
    """The check-ins in ``[first, after)`` and the streak that runs: three queries.

    A streak runs until a whole Shanghai day passed without a check-in.
    """
    today = days.shop_day(at)
    mine = CheckIn.objects.filter(member=member)
    found = list(mine.filter(on__gte=first, on__lt=after).order_by("on").values_list("on", flat=True))
    latest = mine.filter(on__lte=today).order_by("-on").first()
    running = latest is not None and (today - latest.on).days <= 1
    streak = latest.streak if latest and running else 0
    now = rules()
    return Calendar(
        days=found,
        checked_in_today=latest is not None and latest.on == today,
        streak=streak,
        days_to_bonus=now.streak_days - streak % now.streak_days,
        rules=now,
    )


def shelf(*, at: datetime) -> QuerySet[PointsGood]:
    """What the points mall offers now, sold-out goods included."""
    return PointsGood.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at).select_related(
        "sku__product"
    )


class Unbalanced(NamedTuple):
    """An account beside the sums of its ledger and of its lots."""

    account_id: int
    balance: int
    debt: int
    booked: int
    booked_debt: int
    in_lots: int


def unbalanced() -> list[Unbalanced]:
    """The accounts whose figures are not the sums of their rows: none, if all is well."""
    entries = Entry.objects.filter(account=OuterRef("pk")).order_by().values("account")
    lots = Lot.objects.filter(account=OuterRef("pk")).order_by().values("account")
    rows = (
        Account.objects.order_by("id")
        .annotate(
            booked=Coalesce(Subquery(entries.annotate(sum=Sum("change")).values("sum")), 0),
            booked_debt=Coalesce(Subquery(entries.annotate(sum=Sum("debt_change")).values("sum")), 0),
            in_lots=Coalesce(Subquery(lots.annotate(sum=Sum("left")).values("sum")), 0),
        )
        .exclude(balance=F("booked"), debt=F("booked_debt"), in_lots=F("balance"))
        .values_list("id", "balance", "debt", "booked", "booked_debt", "in_lots")
    )
    return [Unbalanced(*row) for row in rows]
