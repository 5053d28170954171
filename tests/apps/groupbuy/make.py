"""Plain makers for tests of group-buys: campaigns, orders that open and join groups, the post that follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from apps.catalog.models import Sku
from apps.checkout import activities
from apps.groupbuy import services as groupbuy
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import Group, GroupBuy
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from tests.apps.checkout import make as counter
from tests.apps.members import make as members

NOW = counter.NOW
HOUR = timedelta(hours=1)
THREE = {3: 39_00}
THREE_OR_FIVE = {3: 39_00, 5: 35_00}
_codes = count(1)
_streets = count(1)

goods = counter.goods
pay = counter.pay


def draft(sku: Sku, ladder: dict[int, int] | None = None, **columns: Any) -> Draft:
    """A group-buy of one SKU for three at ¥39, an hour to come together, from now on for a day."""
    said: dict[str, Any] = {
        "code": f"PT-{next(_codes)}",
        "title": "春茶三人团",
        "starts_at": NOW,
        "ends_at": NOW + 24 * HOUR,
        "minutes_per_group": 60,
        "ladders": {sku.pk: ladder or THREE},
        **columns,
    }
    return Draft(**said)


def campaign(sku: Sku, ladder: dict[int, int] | None = None, **columns: Any) -> GroupBuy:
    """One that is approved; the forms of other SKUs stand in ``ladders``."""
    row, _ = groupbuy.CAMPAIGNS.save(draft(sku, ladder, **columns), at=NOW)
    groupbuy.CAMPAIGNS.approve(row, late=True, at=NOW)
    return GroupBuy.objects.get(pk=row.pk)


def today(**columns: Any) -> dict[str, Any]:
    """A window around the real moment, for tests over HTTP."""
    now = timezone.now()
    return {"starts_at": now - HOUR, "ends_at": now + HOUR, **columns}


def buyer(**columns: Any) -> tuple[Member, Address]:
    """A member who lives alone, with a phone of their own."""
    member = members.member(**columns)
    number = next(_streets)
    return member, members.address(member, detail=f"龙井路 {number} 号", phone=f"139{number:08d}")


def order(
    row: GroupBuy,
    who: tuple[Member, Address] | None = None,
    *,
    group: Group | None = None,
    sku: Sku | None = None,
    quantity: int = 1,
    at: datetime = NOW,
    **more: Any,
) -> Order:
    """An order that opens a group, or joins one."""
    said: dict[str, Any] = {"kind": "group_buy", "id": row.pk}
    if group is not None:
        said["group_no"] = group.group_no
    wanted = sku or Sku.objects.get(pk=row.prices.values("sku_id")[:1])
    return counter.order(
        *(who or buyer()), [(wanted, quantity)], activity=activities.read(said), at=at, **more
    )


def opened(row: GroupBuy, who: tuple[Member, Address] | None = None, *, at: datetime = NOW) -> Group:
    """A group whose opener has paid."""
    placed = order(row, who, at=at)
    pay(placed, at=at)
    return group_of(placed)


def joined(
    group: Group, who: tuple[Member, Address] | None = None, *, at: datetime = NOW, **more: Any
) -> Order:
    """Another who joins and pays."""
    placed = order(group.group_buy, who, group=group, at=at, **more)
    pay(placed, at=at)
    return fresh(placed)


def group_of(order: Order) -> Group:
    """The group of a paid order."""
    return Group.objects.get(seats__order=order)


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row).objects.get(pk=row.pk)


def post(*, at: datetime = NOW) -> None:
    """Deliver what was announced, and what that announces."""
    for _ in range(4):
        outbox.deliver_due(at=at)


def statuses(*orders: Order) -> list[str]:
    return [str(fresh(order).status) for order in orders]
