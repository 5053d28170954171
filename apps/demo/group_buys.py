"""A group-buy of the demo shop with a group of which one seat is left: whoever takes it forms the group."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.catalog.models import Sku
from apps.checkout import activities
from apps.demo import levels, past_orders
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy.drafts import LONGEST_MINUTES, Draft
from apps.groupbuy.models import GroupBuy
from apps.groupbuy.states import KIND
from mall import money

_CODE: Final = "DEMO-GROUP"
_SKU: Final = "RT-DIANHONG-1"
_FRIENDS: Final = ("茶山阿远", "一只椰子")
# Three pay 25 % less, five 35 %.
_OFF_BP: Final = {3: 2_500, 5: 3_500}


def fill(*, at: datetime) -> None:
    """Set it up and let two order; nothing where it is there already. The group has a month, for visitors to join."""
    sku = Sku.objects.filter(code=_SKU).first()
    if sku is None or GroupBuy.objects.filter(code=_CODE).exists():
        return
    ladder = {
        size: sku.price_fen - money.percent_off(sku.price_fen, off_bp=off_bp)
        for size, off_bp in _OFF_BP.items()
    }
    row = groupbuy.CAMPAIGNS.load(
        Draft(
            code=_CODE,
            title="滇红金针三人团",
            starts_at=at,
            ends_at=at + timedelta(days=30),
            ladders={sku.pk: ladder},
            minutes_per_group=LONGEST_MINUTES,
            limit_per_member=2,
            combines=["coupon"],
        ),
        at=at,
    )
    joined = None
    for number, friend in enumerate(_FRIENDS, start=2):
        said = {"kind": KIND, "id": row.pk} | ({"group_no": joined} if joined else {})
        member = levels.shopper(friend, number=number, at=at)
        past_orders.gathering(member=member, sku_id=sku.pk, ticket=activities.read(said), at=at)
        joined = group_facts.running().values_list("group_no", flat=True).get(group_buy=row)
