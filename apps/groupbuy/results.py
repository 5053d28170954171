"""What came of a group-buy: who took part, who was new, what it sold and what it cost."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.groupbuy.models import Group, GroupBuy, Seat
from apps.groupbuy.states import KIND, GroupStatus, SeatStatus
from apps.orders.models import Reduction
from mall import money

_FORMED = Q(group__status=GroupStatus.FORMED)


class Results(NamedTuple):
    """Figures of one campaign. ``placed`` orders, of which ``paid`` took a seat; the rest is of formed groups.

    ``joiners`` came into somebody else's group; ``revenue_fen`` is what was paid and kept.
    """

    opened: int
    formed: int
    failed: int
    placed: int
    paid: int
    participants: int
    newcomers: int
    joiners: int
    revenue_fen: int
    discount_fen: int


def of(row: GroupBuy) -> Results:
    """The figures of a campaign: three statements."""
    groups = Group.objects.filter(group_buy=row).aggregate(
        opened=Count("id"),
        formed=Count("id", filter=Q(status=GroupStatus.FORMED)),
        failed=Count("id", filter=Q(status=GroupStatus.FAILED)),
    )
    paid = Q(status=SeatStatus.PAID)
    seats = Seat.objects.filter(group_buy=row).aggregate(
        placed=Count("id"),
        paid=Count("id", filter=paid),
        participants=Count("member", filter=paid & _FORMED, distinct=True),
        newcomers=Count("member", filter=paid & _FORMED & Q(newcomer=True), distinct=True),
        joiners=Count("id", filter=paid & ~Q(member=F("group__leader"))),
        revenue_fen=Sum(F("order__payable_fen") - F("order__refunded_fen"), filter=paid & _FORMED, default=0),
    )
    off = Reduction.objects.filter(
        kind=KIND,
        key=str(row.pk),
        order__in=Seat.objects.filter(_FORMED, paid, group_buy=row).values("order"),
    )
    return Results(**groups, **seats, discount_fen=off.aggregate(sum=Sum("amount_fen", default=0))["sum"])


def told(found: Results) -> str:
    """The figures in a sentence. K: how many each opener brought, on average."""
    said = [
        f"开团 {found.opened:,} 个，成团 {found.formed:,} 个，未成 {found.failed:,} 个",
        f"成团参与 {found.participants:,} 人，其中新人 {found.newcomers:,} 人",
    ]
    if found.placed:
        rate_bp = money.average(found.paid * money.WHOLE_BP, over=found.placed)
        said.append(f"下单 {found.placed:,} 单，付款率 {_hundredths(rate_bp)}%")
    if found.opened:
        said.append(f"裂变系数 K {_hundredths(money.average(found.joiners * 100, over=found.opened))}")
    said.append(f"成交 ¥{money.yuan(found.revenue_fen)}，拼团优惠 ¥{money.yuan(found.discount_fen)}")
    return "；".join(said)


def with_groups(rows: QuerySet[GroupBuy]) -> QuerySet[GroupBuy]:
    """Rows with how many groups were opened and formed, in the same statement."""
    groups = Group.objects.filter(group_buy=OuterRef("pk")).order_by().values("group_buy")
    counted = groups.annotate(rows=Count("id")).values("rows")
    formed = groups.filter(status=GroupStatus.FORMED).annotate(rows=Count("id")).values("rows")
    return rows.annotate(
        groups_opened=Coalesce(Subquery(counted), 0), groups_formed=Coalesce(Subquery(formed), 0)
    )


def _hundredths(value: int) -> str:
    return money.yuan(value)
