"""What carts hold of people: what a member thinks of buying."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.carts.models import CartItem


def export(person: Person) -> Mapping[str, personal.Table]:
    """The cart as it stands."""
    mine = CartItem.objects.filter(member_id=person.member_id).order_by("id")
    return {"购物车": personal.table(mine, "quantity", 商品="sku__product__title", 商家编码="sku__code")}


def erase(person: Person, *, at: datetime) -> None:
    """Empty the cart."""
    CartItem.objects.filter(member_id=person.member_id).delete()


ROOM = Room(
    name="carts",
    holdings=(
        Holding(
            model="carts.CartItem",
            exported="购物车",
            fate=Fate.DELETED,
            kept="会员自行移除、下单或注销为止",
            why="会员要求的服务（PIPL 第十三条第一款第二项）",
        ),
    ),
    export=export,
    erase=erase,
)
