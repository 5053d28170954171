"""What can be read about points: balances, rules, what expires, the shelf of the points mall, the books."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.base import days, versions
from apps.members.models import Member
from apps.points.models import Account, CheckIn, Entry, InteractionRule, Lot, PointsGood, Redemption, Rules
from apps.points.states import EntryKind
from apps.promotions import selectors as promotion_facts
from mall import money


class Balance(NamedTuple):
    """What a member can spend now, what they owe, and what goes next: so many points at that instant."""

    balance: int
    debt: int
    expiring: int
    expiring_at: datetime | None


_RULES: Final = versions.Kept("points_rules", load=lambda: Rules.objects.filter(pk=1).first() or Rules(pk=1))


def rules() -> Rules:
    """The rules in force: the operator's row, or the defaults of its columns. They are kept: do not change them."""
    return _RULES.value()


def outstanding(*, before: datetime) -> int:
    """How many points all members had together when that moment came, by the ledger; what is owed is not taken off."""
    total: int = Entry.objects.filter(at__lt=before).aggregate(sum=Sum("change", default=0))["sum"]
    return total


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
    """The check-ins in ``[first, after)`` and the streak that runs: three queries."""
    mine = CheckIn.objects.filter(member=member)
    found = list(mine.filter(on__gte=first, on__lt=after).order_by("on").values_list("on", flat=True))
    streak = streak_of(member, today=days.shop_day(at))
    now = rules()
    return Calendar(
        days=found,
        checked_in_today=streak.today,
        streak=streak.days,
        days_to_bonus=now.streak_days - streak.days % now.streak_days,
        rules=now,
    )


class Streak(NamedTuple):
    """Days in a row up to today, or to yesterday while today is open; and whether today is among them."""

    days: int
    today: bool


def streak_of(member: Member, *, today: date) -> Streak:
    """The member's streak that runs: 0 days once a whole Shanghai day passed without a check-in."""
    latest = CheckIn.objects.filter(member=member, on__lte=today).order_by("-on").first()
    if latest is None or (today - latest.on).days > 1:
        return Streak(0, today=False)
    return Streak(latest.streak, today=latest.on == today)


class Way(NamedTuple):
    """A way to earn beside shopping, and whether it still gives the member something today."""

    kind: str
    kind_label: str
    points: int
    growth: int
    once: bool
    left_today: int | None
    done: bool


class Ways(NamedTuple):
    """All ways to earn, and what a yuan gives the member today."""

    ways: list[Way]
    points_per_yuan: int
    multiplier_bp: int


def ways_of(member: Member, *, at: datetime) -> Ways:
    """What earns this member points at this moment: check-in and the enabled interactions."""
    rules_now = rules()
    level_bp = member.level.points_multiplier_bp if member.level else money.WHOLE_BP
    day_bp = promotion_facts.points_multiplier_bp(at=at)
    interactions = InteractionRule.objects.filter(enabled=True).order_by("id")
    given = _given(member, at=at)
    return Ways(
        ways=[
            *_check_in_way(member, rules_now, at=at),
            *(_interaction_way(rule, *given.get(rule.kind, (0, 0))) for rule in interactions),
        ],
        points_per_yuan=rules_now.points_per_yuan,
        multiplier_bp=money.share_bp(level_bp, bp=day_bp),
    )


def _given(member: Member, *, at: datetime) -> dict[str, tuple[int, int]]:
    """How often each kind gave the member something, ever and today."""
    start, end = days.day_window(days.shop_day(at))
    rows = (
        Entry.objects.filter(account__member=member)
        .order_by()
        .values("kind")
        .annotate(ever=Count("id"), today=Count("id", filter=Q(at__gte=start, at__lt=end)))
    )
    return {row["kind"]: (row["ever"], row["today"]) for row in rows}


def _check_in_way(member: Member, rules_now: Rules, *, at: datetime) -> list[Way]:
    """The check-in of today with the bonus of a whole streak; no way at all where it gives nothing."""
    today = days.shop_day(at)
    streak = streak_of(member, today=today)
    next_day = streak.days if streak.today else streak.days + 1
    whole = next_day % rules_now.streak_days == 0
    points = rules_now.check_in_points + (rules_now.streak_bonus if whole else 0)
    if not (rules_now.check_in_points or rules_now.streak_bonus):
        return []
    kind = EntryKind.CHECK_IN
    return [Way(kind.value, str(kind.label), points, 0, False, 0 if streak.today else 1, streak.today)]


def _interaction_way(rule: InteractionRule, ever: int, today: int) -> Way:
    """The rule, less what it gave already."""
    left = max(0, rule.daily_cap - today) if rule.daily_cap else None
    if rule.once:
        left = 0 if ever else 1
    return Way(
        kind=rule.kind,
        kind_label=rule.get_kind_display(),
        points=rule.points,
        growth=rule.growth,
        once=rule.once,
        left_today=left,
        done=left == 0,
    )


def redemptions_of(member: Member) -> QuerySet[Redemption]:
    """What the member had from the points mall, with the goods at hand."""
    return Redemption.objects.filter(member=member).select_related("good")


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
