"""Reading distribution: rules, promoters with their teams and money, commissions, boards, and what does not add up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from apps.catalog import shelves
from apps.catalog.models import Product
from apps.distribution.models import (
    Account,
    Bond,
    Commission,
    Contest,
    Entry,
    Material,
    Promoter,
    PromoterLevel,
    RateRule,
    Rules,
)
from apps.distribution.rates import Candidate, Rate, Standing, rate
from apps.distribution.states import CommissionStatus, PromoterStatus
from apps.orders.models import Order
from mall import money

# What holds where nobody saved rules.
DEFAULTS: Final = Rules(pk=1)
SUMS: Final = (
    "pending_fen",
    "frozen_fen",
    "available_fen",
    "withdrawing_fen",
    "withdrawn_fen",
    "debt_fen",
)


def rules() -> Rules:
    """The rules in force; the defaults where nobody saved any."""
    return Rules.objects.filter(pk=1).first() or Rules(pk=1)


def watermark() -> str:
    """What is written into pictures for promoters; nothing where it is empty."""
    return rules().watermark


def promoter_of(member_id: int) -> Promoter | None:
    """A member's promoter with level and account, whatever its status; None for who never asked."""
    rows = Promoter.objects.select_related("level", "account")
    return rows.filter(member_id=member_id).first()


def lowest_level() -> PromoterLevel | None:
    """The level at which everybody begins."""
    return PromoterLevel.objects.order_by("rank").first()


def earned_levels(promoter_ids: Collection[int]) -> Mapping[int, PromoterLevel]:
    """The highest level whose conditions each of these promoters meets, if there is one: three statements.

    Counted is what they brought at first hand (orders that were not refunded whole, and what was paid for them and kept)
    and whose customers are theirs. A level without conditions is nobody's by merit.
    """
    levels = [level for level in PromoterLevel.objects.order_by("-rank") if level.has_conditions]
    if not levels:
        return {}
    kept = Commission.objects.filter(promoter_id__in=promoter_ids, of__isnull=True, level=1).filter(
        base_fen__gt=F("refunded_fen")
    )
    brought = {
        promoter_id: (orders, amount_fen)
        for promoter_id, orders, amount_fen in kept.order_by()
        .values_list("promoter_id")
        .annotate(orders=Count("order_no", distinct=True), amount=Sum(F("base_fen") - F("refunded_fen")))
    }
    bonds = Bond.objects.filter(promoter_id__in=promoter_ids).order_by().values_list("promoter_id")
    teams = dict(bonds.annotate(team=Count("pk")))
    found = {}
    for promoter_id in promoter_ids:
        orders, amount_fen = brought.get(promoter_id, (0, 0))
        team = teams.get(promoter_id, 0)
        for level in levels:
            if orders >= level.min_orders and amount_fen >= level.min_amount_fen and team >= level.min_team:
                found[promoter_id] = level
                break
    return found


def earners_of(order_nos: Sequence[str]) -> QuerySet[Commission, Any]:
    """The keys of the promoters who earned by these orders."""
    return Commission.objects.filter(order_no__in=order_nos).order_by().values("promoter")


def inviter_of(member_id: int, *, at: datetime) -> Bond | None:
    """The binding that holds for a member, with its promoter's member; None for who has none, or whose is over."""
    bond = Bond.objects.select_related("promoter__member").filter(member_id=member_id).first()
    if bond is None or (bond.valid_until is not None and bond.valid_until <= at):
        return None
    return bond


def bond_of(member_id: int) -> Bond:
    """The binding of a member who has one, with its promoter's member."""
    return Bond.objects.select_related("promoter__member").get(member_id=member_id)


def team_of(promoter: Promoter, *, level: int) -> QuerySet[Bond]:
    """Whom a promoter brought (level 1), or whom those brought (2), with ``is_promoter`` and ``orders`` that were paid."""
    rows = Bond.objects.select_related("member")
    if level == 1:
        rows = rows.filter(promoter=promoter)
    else:
        rows = rows.filter(promoter__member__in=Bond.objects.filter(promoter=promoter).values("member"))
    theirs = Commission.objects.filter(
        promoter=promoter, buyer=OuterRef("member"), of__isnull=True, base_fen__gt=F("refunded_fen")
    )
    counted = theirs.order_by().values("buyer").annotate(found=Count("order_no", distinct=True))
    return rows.annotate(
        is_promoter=Exists(Promoter.objects.filter(member=OuterRef("member"), status=PromoterStatus.ACTIVE)),
        orders=Coalesce(Subquery(counted.values("found"), output_field=IntegerField()), Value(0)),
    )


def commissions_of(promoter: Promoter) -> QuerySet[Commission]:
    """A promoter's commissions and what was taken of them, with the goods."""
    return Commission.objects.filter(promoter=promoter).select_related("line")


def orders_of(promoter: Promoter) -> QuerySet[Order]:
    """The orders by which a promoter earns, or earned."""
    mine = Commission.objects.filter(promoter=promoter, of__isnull=True).values("order_no")
    return Order.objects.filter(order_no__in=mine).select_related("member")


def sums_by_order(promoter: Promoter, order_nos: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Basis, refunds and what is left of a promoter's commissions by order number: one statement."""
    rows = Commission.objects.filter(promoter=promoter, of__isnull=True, order_no__in=order_nos)
    found = (
        rows.order_by()
        .values("order_no", "level")
        .annotate(
            base_fen=Sum("base_fen"),
            back_fen=Sum("refunded_fen"),
            net_fen=Sum(F("amount_fen") - F("taken_back_fen")),
        )
    )
    return {row["order_no"]: row for row in found}


def rates_paid(*, order_nos: Sequence[str]) -> Mapping[int, list[int]]:
    """The rates at which lines of these orders pay promoters, in basis points, by line id: one statement."""
    rows = Commission.objects.filter(order_no__in=order_nos, of__isnull=True)
    found: dict[int, list[int]] = {}
    for line_id, rate_bp in rows.exclude(status=CommissionStatus.CANCELLED).values_list("line_id", "rate_bp"):
        found.setdefault(line_id, []).append(rate_bp)
    return found


def materials(*, product_id: int | None = None) -> QuerySet[Material]:
    """Texts and pictures that may be taken; of one product where it is named."""
    rows = Material.objects.filter(enabled=True)
    return rows if product_id is None else rows.filter(product_id=product_id)


def goods_to_promote(*, at: datetime) -> QuerySet[Product]:
    """What everybody can buy now, each with its category."""
    goods = shelves.shelf(at=at).products().select_related("category")
    return goods.defer("search_words", "detail_html", "attributes", "options")


def rates_of(products: Sequence[Product], promoter: Promoter) -> Mapping[int, Rate]:
    """What a promoter earns by each product at first hand, in basis points, and by which rule: three statements."""
    standing = Standing()
    if level := promoter.level:
        standing = Standing(level.pk, level.name, level.first_bp, level.second_bp)
    shop = rules()
    paths = {row.pk: row.category.path for row in products}
    near = {int(step) for path in paths.values() for step in path.split("/") if step}
    rows = RateRule.objects.select_related("category").filter(Q(product__in=paths) | Q(category__in=near))
    found = list(rows)
    return {
        product_id: rate(
            [_candidate(rule) for rule in found if _fits(rule, product_id, path)],
            standing,
            shop_bp=(shop.first_bp, shop.second_bp),
            level=1,
        )
        for product_id, path in paths.items()
    }


class Place(NamedTuple):
    """A place on a leaderboard: what a promoter brought at first hand in its window, less refunds."""

    place: int
    promoter: Promoter
    orders: int
    amount_fen: int


def board(*, since: datetime, until: datetime, most: int) -> list[Place]:
    """The first places of what was paid in ``[since, until)``; who left or is suspended is not on it. Two statements."""
    rows = _ranked(since=since, until=until)[:most]
    found = list(rows.values_list("promoter_id", "orders", "amount_fen"))
    promoters = Promoter.objects.select_related("member").in_bulk([row[0] for row in found])
    return [Place(number, promoters[row[0]], *row[1:]) for number, row in enumerate(found, start=1)]


def place_of(promoter: Promoter, *, since: datetime, until: datetime) -> Place | None:
    """Where a promoter stands on that board; None for who is not on it. Two statements."""
    ranked = _ranked(since=since, until=until)
    mine = ranked.filter(promoter=promoter).values_list("orders", "amount_fen").first()
    if mine is None:
        return None
    orders, amount_fen = mine
    ahead = ranked.filter(
        Q(amount_fen__gt=amount_fen)
        | Q(amount_fen=amount_fen, orders__gt=orders)
        | Q(amount_fen=amount_fen, orders=orders, promoter_id__lt=promoter.pk)
    )
    return Place(ahead.count() + 1, promoter, orders, amount_fen)


def contests_to_reward(*, at: datetime) -> QuerySet[Contest]:
    """Contests that are over; whether they have waited long enough, ``leaderboard.reward_due`` sees."""
    return Contest.objects.filter(enabled=True, rewarded_at=None, ends_at__lte=at).order_by("ends_at", "id")


def reported() -> QuerySet[Any]:
    """Promoters with what they brought at first hand and earned in all, for lists and sheets.

    ``customers``, ``orders``, ``brought_fen`` (less refunds), ``earned_fen``, ``back_fen`` (of that).
    """
    own = Commission.objects.filter(promoter=OuterRef("pk"), of__isnull=True).order_by().values("promoter")
    first = own.filter(level=1, base_fen__gt=F("refunded_fen"))
    bonds = Bond.objects.filter(promoter=OuterRef("pk")).order_by().values("promoter")

    def found(rows: QuerySet[Any, Any], what: Any) -> Coalesce:
        return Coalesce(
            Subquery(rows.annotate(found=what).values("found"), output_field=BigIntegerField()), Value(0)
        )

    return (
        Promoter.objects.select_related("member", "level", "account")
        .annotate(
            customers=found(bonds, Count("pk")),
            orders=found(first, Count("order_no", distinct=True)),
            brought_fen=found(first, Sum(F("base_fen") - F("refunded_fen"))),
            earned_fen=found(own, Sum("amount_fen")),
            back_fen=found(own, Sum("taken_back_fen")),
        )
        .order_by("-pk")
    )


def return_of(brought_fen: int, *, cost_fen: int) -> str:
    """How many times its cost what was sold came to, as ``8.40``; empty where it cost nothing."""
    return money.yuan(money.average(100 * brought_fen, over=cost_fen)) if cost_fen > 0 else ""


def tree_of(promoter: Promoter, *, most: int) -> list[tuple[Bond, list[Bond]]]:
    """Whom a promoter brought, the newest first, each with whom they brought: at most so many of each. Two statements."""
    mine = list(team_of(promoter, level=1).order_by("-bound_at", "-id")[:most])
    theirs = Bond.objects.filter(promoter__member__in=[bond.member_id for bond in mine])
    below: dict[int, list[Bond]] = {}
    for bond in theirs.select_related("member", "promoter").order_by("-bound_at", "-id")[: most * most]:
        below.setdefault(bond.promoter.member_id, []).append(bond)
    return [(bond, below.get(bond.member_id, [])[:most]) for bond in mine]


def applications() -> QuerySet[Promoter]:
    """Who asks to be a promoter and waits for a look."""
    return Promoter.objects.filter(status=PromoterStatus.PENDING)


def held_commissions() -> QuerySet[Commission]:
    """Commissions that are held for a look."""
    return Commission.objects.filter(held=True)


def unbalanced_accounts() -> list[str]:
    """Accounts whose sums are not those of the ledger, or not those of the commissions: a sentence each."""
    booked = {
        f"booked_{name}": _sum(
            Entry.objects.filter(account=OuterRef("pk")).values("account"),
            f"{name.removesuffix('_fen')}_change_fen",
        )
        for name in SUMS
    }
    earned = {
        f"earned_{status.lower()}_fen": _sum(
            Commission.objects.filter(promoter=OuterRef("pk"), status=status).values("promoter"), "amount_fen"
        )
        for status in (CommissionStatus.PENDING, CommissionStatus.FROZEN)
    }
    rows: Any = Account.objects.annotate(**booked, **earned)
    wrong = Q()
    for name in SUMS:
        wrong |= ~Q(**{name: F(f"booked_{name}")})
    wrong |= ~Q(pending_fen=F("earned_pending_fen")) | ~Q(frozen_fen=F("earned_frozen_fen"))
    found: list[str] = []
    for row in rows.filter(wrong).order_by("pk"):
        found += [
            f"account {row.pk}: {name} {getattr(row, name)} but booked {getattr(row, f'booked_{name}')}"
            for name in SUMS
            if getattr(row, name) != getattr(row, f"booked_{name}")
        ]
        found += [
            f"account {row.pk}: {name} {getattr(row, name)} but commissions of {getattr(row, f'earned_{name}')}"
            for name in ("pending_fen", "frozen_fen")
            if getattr(row, name) != getattr(row, f"earned_{name}")
        ]
    return found


def unexplained_commissions() -> list[str]:
    """Commissions whose take-backs do not add up to what they say, or that were cancelled with something left."""
    taken = _sum(Commission.objects.filter(of=OuterRef("pk")).values("of"), "amount_fen")
    rows: Any = Commission.objects.filter(of__isnull=True).annotate(rows_fen=taken)
    wrong = rows.exclude(taken_back_fen=-F("rows_fen")) | rows.filter(
        status=CommissionStatus.CANCELLED, taken_back_fen__lt=F("amount_fen")
    )
    return [
        f"commission {row.business_key}: {row.taken_back_fen} of {row.amount_fen} taken back but rows of {-row.rows_fen}"
        for row in wrong.order_by("pk")
    ]


def _fits(rule: RateRule, product_id: int, path: str) -> bool:
    if rule.category is None:
        return rule.product_id == product_id
    return path.startswith(rule.category.path)


def _candidate(rule: RateRule) -> Candidate:
    depth = len(rule.category.path) if rule.category else 0
    return Candidate(
        rule.product_id is not None,
        depth,
        rule.level_id,
        rule.first_bp,
        rule.second_bp,
        rule.category.name if rule.category else None,
    )


def _ranked(*, since: datetime, until: datetime) -> QuerySet[Any, Any]:
    """What promoters brought, the most first; of two alike the one with more orders, then the elder."""
    rows = Commission.objects.filter(
        of__isnull=True, level=1, at__gte=since, at__lt=until, promoter__status=PromoterStatus.ACTIVE
    )
    kept = Q(base_fen__gt=F("refunded_fen"))
    summed = (
        rows.order_by()
        .values("promoter_id")
        .annotate(
            orders=Count("order_no", distinct=True, filter=kept),
            amount_fen=Sum(F("base_fen") - F("refunded_fen")),
        )
    )
    return summed.filter(amount_fen__gt=0).order_by("-amount_fen", "-orders", "promoter_id")


def _sum(rows: QuerySet[Any, Any], column: str) -> Coalesce:
    """Σ of a column of the rows of one, 0 where there are none."""
    found = rows.order_by().annotate(found=Sum(column)).values("found")
    return Coalesce(Subquery(found, output_field=BigIntegerField()), Value(0))
