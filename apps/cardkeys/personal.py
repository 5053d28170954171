"""What card keys hold of people: which order each was sold with, and a secret that is its buyer's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.cardkeys import services as cardkeys
from apps.cardkeys.models import CardKey
from apps.orders.models import Order


def export(person: Person) -> Mapping[str, personal.Table]:
    """Which cards were bought. The secrets are read in the orders, not in a file that lies about."""
    mine = CardKey.objects.filter(order_no__in=_orders(person).values("order_no")).order_by("id")
    return {"卡密": personal.table(mine, "order_no", "number", "status", "sold_at", 商品编码="sku__code")}


def erase(person: Person, *, at: datetime) -> None:
    """Empty the secrets: nobody is left who may see them."""
    cardkeys.erase_secrets(order_nos=_orders(person).values_list("order_no", flat=True))


def _orders(person: Person) -> QuerySet[Order]:
    return Order.objects.filter(member_id=person.member_id, virtual=True).order_by()


ROOM = Room(
    name="cardkeys",
    holdings=(
        Holding(
            model="cardkeys.CardKey",
            personal=("sealed",),
            plain=("number",),
            exported="卡密",
            fate=Fate.EMPTIED,
            kept="卡密密文到会员注销为止；卡号与订单号与订单相同",
            why="电子商务法第三十一条：商品、支付与物流等交易信息自交易完成之日起保存不少于三年",
        ),
    ),
    export=export,
    erase=erase,
)
