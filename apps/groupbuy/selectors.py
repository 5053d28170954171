"""Reading group-buys: what is offered, the groups that run, and how each stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.refusals import ActivityNotFound
from apps.campaigns.states import Approval
from apps.groupbuy import progress
from apps.groupbuy.models import Group, GroupBuy, Price, Seat
from apps.groupbuy.states import KIND, SEATED, GroupStatus, SeatStatus
from apps.groupbuy.terms import Terms
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.orders.states import Status
from mall import text as texts

_PRICES: Final = Price.objects.filter(group_buy=OuterRef("pk")).order_by("sku_id", "size")
_SEATS: Final = (
    Seat.objects.filter(status__in=SEATED).select_related("order", "member").order_by("paid_at", "id")
)
# A group's number as ``base.numbers.dated`` makes it: anything else is nobody's.
_LONGEST: Final = 32


class _NoGroup(LookupError):
    """Nobody has this number."""


class Shelved(NamedTuple):
    """A group-buy with its prices and list prices in fen by SKU id, and how many units are left of it."""

    row: GroupBuy
    terms: Terms
    list_fen: Mapping[int, int]
    left: int


def with_prices() -> QuerySet[GroupBuy]:
    """Group-buys with their product and, in ``kept_prices``, their prices beside the list prices: one statement."""
    told = JSONObject(sku_id="sku_id", size="size", price_fen="price_fen", list_fen="sku__price_fen")
    return GroupBuy.objects.select_related("product").annotate(
        kept_prices=ArraySubquery(_PRICES.values(row=told))
    )


def announced(*, at: datetime, product_id: int | None = None) -> QuerySet[GroupBuy]:
    """What shoppers are told of: approved, from its preheat to its end, of one product or of all."""
    rows = with_prices().filter(approval=Approval.APPROVED, ends_at__gt=at)
    rows = rows.filter(Q(preheat_at=None) | Q(preheat_at__lte=at))
    return rows if product_id is None else rows.filter(product_id=product_id)


def one(group_buy_id: int, *, at: datetime) -> GroupBuy:
    """A group-buy that shoppers know of, over or not: one statement. Raises ActivityNotFound."""
    row = with_prices().filter(pk=group_buy_id).exclude(approval=Approval.DRAFT).first()
    if row is None or (row.preheat_at is not None and at < row.preheat_at):
        raise ActivityNotFound
    return row


def shelved(rows: Iterable[GroupBuy]) -> list[Shelved]:
    """Rows of ``with_prices`` with what is left, which is never more than lies on the shelf: two statements."""
    found = list(rows)
    told = [(row, _terms(row), _list_fen(row)) for row in found]
    left = campaign_facts.left(kind=KIND, keys=[str(row.pk) for row in found]) if found else {}
    free = stock_facts.available({sku_id for _, terms, _ in told for sku_id in terms.ladders})
    return [
        Shelved(row, terms, list_fen, _left(left.get(str(row.pk)), terms, free))
        for row, terms, list_fen in told
    ]


def _terms(row: Any) -> Terms:
    ladders: dict[int, dict[int, int]] = {}
    for price in row.kept_prices:
        ladders.setdefault(price["sku_id"], {})[price["size"]] = price["price_fen"]
    return Terms(ladders)


def _list_fen(row: Any) -> dict[int, int]:
    return {price["sku_id"]: price["list_fen"] for price in row.kept_prices}


def _left(quota_left: int | None, terms: Terms, free: Mapping[int, int]) -> int:
    on_shelf = sum(max(0, free[sku_id]) for sku_id in terms.ladders)
    return on_shelf if quota_left is None else max(0, min(quota_left, on_shelf))


def terms_of(row: GroupBuy) -> Terms:
    """The prices of a row of ``with_prices``."""
    return _terms(row)


def codes_of(row: GroupBuy) -> dict[int, str]:
    """The merchant's codes of its SKUs, by SKU id: one statement."""
    return dict(row.prices.values_list("sku_id", "sku__code").distinct())


class SeatPlace(NamedTuple):
    """An unpaid seat in a group whose time is over: when that was, the seat's id, and the order that has it."""

    ends_at: datetime
    seat_id: int
    order_no: str


def seated_past_the_end(*, at: datetime, after: SeatPlace | None, limit: int) -> list[SeatPlace]:
    """The unpaid seats of groups whose time is over and that nobody has ended yet, the longest over first.

    ``after`` is the one that was seen last.
    """
    due = running().filter(ends_at__lte=at, held__gte=1)
    held = Seat.objects.filter(group__in=due, status=SeatStatus.HELD).order_by("group__ends_at", "id")
    if after is not None:
        held = held.filter(group__ends_at__gte=after.ends_at)
        held = held.exclude(group__ends_at=after.ends_at, id__lte=after.seat_id)
    rows = held.values_list("group__ends_at", "id", "order__order_no")[:limit]
    return [SeatPlace(*row) for row in rows]


def running() -> QuerySet[Group]:
    """Groups that nobody has ended yet."""
    return Group.objects.filter(failed_at=None, settled_at=None)


def group_of(*, group_buy_id: int, group_no: str) -> Group:
    """A group of this group-buy: one statement. Raises ActivityNotFound for one of another."""
    if not _may_be_one(group_no):
        raise ActivityNotFound
    row = Group.objects.filter(group_no=group_no, group_buy_id=group_buy_id).first()
    if row is None:
        raise ActivityNotFound
    return row


def joinable(*, group_buy_id: int, at: datetime) -> QuerySet[Group]:
    """Groups of a group-buy that have a place, with their seats: two statements; none while it is paused."""
    rows = running().filter(group_buy_id=group_buy_id, ends_at__gt=at, largest__gt=F("joined") + F("held"))
    return rows.exclude(group_buy__approval=Approval.PAUSED).prefetch_related(Prefetch("seats", _SEATS))


def progress_of(group_no: str) -> dict[str, Any]:
    """How a group stands, as ``told_of`` shows it: no statement while nothing changes. Raises ActivityNotFound."""
    if not _may_be_one(group_no):
        raise ActivityNotFound
    try:
        return progress.kept(group_no, lambda: _loaded(group_no))
    except _NoGroup:
        raise ActivityNotFound from None


def _loaded(group_no: str) -> dict[str, Any]:
    rows = Group.objects.select_related("group_buy").prefetch_related(Prefetch("seats", _SEATS))
    group = rows.filter(group_no=group_no).first()
    if group is None:
        raise _NoGroup
    return {**facts_of(group), "paused": group.group_buy.approval == Approval.PAUSED}


def facts_of(group: Group) -> dict[str, Any]:
    """What everybody's answer about a group is made of, in plain values; its seats are at hand."""
    seats = list(group.seats.all())
    return {
        "group_no": group.group_no,
        "group_buy_id": group.group_buy_id,
        "status": str(group.status),
        "size": group.size,
        "largest": group.largest,
        "joined": group.joined,
        "held": group.held,
        "ends_at": group.ends_at,
        "is_over": group.is_over,
        "paused": False,
        "terms": group.kept_terms,
        "members": [_shown(seat.member, group) for seat in seats if seat.status == SeatStatus.PAID],
        "orders": {seat.member_id: seat.order.order_no for seat in seats},
    }


def _shown(member: Member, group: Group) -> dict[str, Any]:
    return {
        "nickname": texts.masked(member.nickname),
        "avatar_url": member.avatar_url,
        "is_leader": member.pk == group.leader_id,
    }


def told_of(facts: Mapping[str, Any], *, member_id: int | None, at: datetime) -> dict[str, Any]:
    """A group as the API answers it at this moment, to a member or to anybody."""
    terms = Terms.read(facts["terms"])
    joined, over = facts["joined"], facts["is_over"] or at >= facts["ends_at"]
    status = facts["status"]
    if status == GroupStatus.OPEN and over:
        status = str(GroupStatus.FAILED)
    prices_fen = terms.prices_fen(people=min(joined + 1, facts["largest"]))
    above = terms.next_tier(joined)
    return {
        "group_no": facts["group_no"],
        "group_buy_id": facts["group_buy_id"],
        "status": status,
        "joinable": not over and not facts["paused"] and joined + facts["held"] < facts["largest"],
        "size": facts["size"],
        "joined": joined,
        "missing": max(0, facts["size"] - joined),
        "price_fen": min(prices_fen.values()),
        "prices": [{"sku_id": sku_id, "price_fen": fen} for sku_id, fen in sorted(prices_fen.items())],
        "next_tier": above._asdict() if above else None,
        "ends_at": facts["ends_at"],
        "members": _leader_first(facts["members"]),
        "is_mine": member_id in facts["orders"],
        "my_order_no": facts["orders"].get(member_id),
    }


def _leader_first(members: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(members, key=lambda row: not row["is_leader"])


def _may_be_one(group_no: str) -> bool:
    return 0 < len(group_no) <= _LONGEST and group_no.isascii() and group_no.isalnum()


def unpaid_orders_of(group_no: str) -> list[str]:
    """The orders that hold a seat in the group and are not paid: one statement, their numbers."""
    return _orders_of(group_no, SeatStatus.HELD)


def paid_orders_of(group_no: str) -> list[str]:
    """The orders with a paid seat in the group: one statement, their numbers."""
    return _orders_of(group_no, SeatStatus.PAID)


def _orders_of(group_no: str, status: SeatStatus) -> list[str]:
    rows = Seat.objects.filter(group__group_no=group_no, status=status).order_by("id")
    return list(rows.values_list("order__order_no", flat=True))


class Reached(NamedTuple):
    """What a group that is over has come to: so many people, so many fen a unit by SKU id."""

    size: int
    prices_fen: Mapping[int, int]


def reached_by(group_no: str) -> Reached:
    """The price that a settled group reached: one statement."""
    group = Group.objects.get(group_no=group_no)
    terms = Terms.read(group.kept_terms)
    return Reached(terms.reached(group.joined), terms.prices_fen(people=group.joined))


def unbalanced() -> list[str]:
    """What differs between groups, their seats and the orders of these: nothing, if all is well. Three queries.

    A group counts its paid and its held seats; in a formed group nobody gathers any more, in one that failed nobody has
    paid and is not refunded. What the post has not delivered yet shows here as well.
    """
    paid, held = Q(seats__status=SeatStatus.PAID), Q(seats__status=SeatStatus.HELD)
    counts = Group.objects.annotate(
        paid_seats=Count("seats", filter=paid), held_seats=Count("seats", filter=held)
    ).exclude(joined=F("paid_seats"), held=F("held_seats"))
    found = [
        f"{no}: counts {joined} and {held}, has {paid} and {unpaid}"
        for no, joined, held, paid, unpaid in counts.order_by("id").values_list(
            "group_no", "joined", "held", "paid_seats", "held_seats"
        )
    ]
    seated = Seat.objects.filter(status=SeatStatus.PAID, order__status=Status.GATHERING).order_by("id")
    for status in (GroupStatus.FORMED, GroupStatus.FAILED):
        left = seated.filter(group__status=status).values_list("group__group_no", "order__order_no")
        found += [f"{group_no}: {status}, and {order_no} gathers" for group_no, order_no in left]
    return found
