"""What came of a group-buy beyond what every campaign is asked: its groups, and who came into them."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.groupbuy.models import Group, GroupBuy, Seat
from apps.groupbuy.states import GroupStatus, SeatStatus
from mall import money


class Results(NamedTuple):
    """How many groups were opened, formed and failed; ``joiners`` came into somebody else's group."""

    opened: int
    formed: int
    failed: int
    joiners: int


def of(row: GroupBuy) -> Results:
    """What only group-buys can tell of a campaign: two statements."""
    groups = Group.objects.filter(group_buy=row).aggregate(
        opened=Count("id"),
        formed=Count("id", filter=Q(status=GroupStatus.FORMED)),
        failed=Count("id", filter=Q(status=GroupStatus.FAILED)),
    )
    others = Seat.objects.filter(group_buy=row, status=SeatStatus.PAID).exclude(member=F("group__leader"))
    return Results(**groups, joiners=others.count())


def told(found: Results) -> str:
    """The figures in a sentence."""
    said = f"开团 {found.opened:,} 个，成团 {found.formed:,} 个，未成 {found.failed:,} 个"
    if found.opened:
        brought = money.yuan(money.average(found.joiners * 100, over=found.opened))
        said += f"；平均每团带来 {brought} 人参团"
    return said


def with_groups(rows: QuerySet[GroupBuy]) -> QuerySet[GroupBuy]:
    """Rows with how many groups were opened and formed, in the same statement."""
    groups = Group.objects.filter(group_buy=OuterRef("pk")).order_by().values("group_buy")
    counted = groups.annotate(rows=Count("id")).values("rows")
    formed = groups.filter(status=GroupStatus.FORMED).annotate(rows=Count("id")).values("rows")
    return rows.annotate(
        groups_opened=Coalesce(Subquery(counted), 0), groups_formed=Coalesce(Subquery(formed), 0)
    )
