"""The demo shop's virtual goods: an online course, delivered as card keys that an operator brought in; one was bought."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.cardkeys import services as cardkeys
from apps.cardkeys.card_files import Row
from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Returns, Sku
from apps.demo import levels, past_orders, pictures

_CODES: Final = ("KEJ-1", "KEJ-2")
_TERMS: Final = ("入门课", "全年课")
_PRICES_FEN: Final = (3900, 19_900)
_COSTS_FEN: Final = (1500, 8000)
_CARDS: Final = 30
_NUMBER: Final = 73
_DAY: Final = timedelta(days=1)


def fill(*, at: datetime) -> None:
    """Put them on sale where they are not, with thirty cards each."""
    if Sku.objects.filter(code__in=_CODES).exists():
        return
    category = Category.objects.filter(name="礼盒").first()
    if category is None:
        return
    product = Product(
        title="线上茶课（兑换码）",
        subtitle="付款后立即发放，在茶课小程序中兑换",
        category=category,
        cover=pictures.drawn("categories/leaf"),
        detail_html="<p>每张兑换码限用一次，有效期一年。虚拟商品，发放后不支持退换。</p>",
        options=[{"name": "课程", "values": list(_TERMS)}],
        returns=Returns.DIGITAL,
        on_sale=True,
        created_at=at - 30 * _DAY,
    )
    skus = [
        Sku(code=code, option_values={"课程": term}, price_fen=price_fen, cost_fen=cost_fen)
        for code, term, price_fen, cost_fen in zip(_CODES, _TERMS, _PRICES_FEN, _COSTS_FEN, strict=True)
    ]
    catalog.save_product(product=product, skus=skus)
    for sku in skus:
        catalog.set_virtual(sku_id=sku.pk, virtual=True)
    rows = [
        Row(
            number=number,
            sku_code=code,
            card_no=f"{code}-{number:04}",
            secret=f"DEMO-{code}-{(number * 7919) % 100_000:05}",
        )
        for code in _CODES
        for number in range(1, _CARDS + 1)
    ]
    cardkeys.bring_in(rows=rows, operator=None, at=at - 10 * _DAY)
    member = levels.shopper("学茶的阿青", number=_NUMBER, at=at)
    past_orders.received(member=member, sku_ids=[skus[0].pk], received_at=at - 2 * _DAY - timedelta(hours=1))
