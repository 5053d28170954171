"""What carts hold of people: what a member thinks of buying, likes, and waits for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.carts.models import CartItem, Favorite, StockWish

_ASKED: Final = "会员要求的服务（PIPL 第十三条第一款第二项）"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Cart, favourites and what is waited for, as they stand."""
    cart = CartItem.objects.filter(member_id=person.member_id).order_by("id")
    liked = Favorite.objects.filter(member_id=person.member_id).order_by("id")
    awaited = StockWish.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "购物车": personal.table(cart, "quantity", 商品="sku__product__title", 商家编码="sku__code"),
        "收藏": personal.table(liked, "price_fen", "added_at", 商品="product__title"),
        "到货提醒": personal.table(
            awaited, "asked_at", "told_at", 商品="sku__product__title", 商家编码="sku__code"
        ),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Empty the cart, and forget what was liked and waited for."""
    for model in (CartItem, Favorite, StockWish):
        model.objects.filter(member_id=person.member_id).delete()


ROOM = Room(
    name="carts",
    holdings=(
        Holding(
            model="carts.CartItem",
            exported="购物车",
            fate=Fate.DELETED,
            kept="会员自行移除、下单或注销为止",
            why=_ASKED,
        ),
        Holding(
            model="carts.Favorite",
            exported="收藏",
            fate=Fate.DELETED,
            kept="会员自行取消或注销为止",
            why=_ASKED,
        ),
        Holding(
            model="carts.StockWish",
            exported="到货提醒",
            fate=Fate.DELETED,
            kept="提醒后 30 天，最长 180 天，或会员自行取消、注销为止",
            why=_ASKED,
        ),
    ),
    export=export,
    erase=erase,
)
