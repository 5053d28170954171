"""The demo shop's deadlines: one order near its time, one past it, one whose buyer is asked, a product that takes longer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from apps.aftersales.services import swapping
from apps.base.days import shop_day
from apps.catalog.models import Returns, Sku
from apps.checkout import promising
from apps.deadlines.models import Delay, Promise, ShopDay
from apps.deadlines.services import ruling, watching
from apps.deadlines.states import DelayReason
from apps.demo import levels, past_orders
from apps.inventory import selectors as stock_facts
from apps.orders.models import OrderLine

_HOUR: Final = timedelta(hours=1)
_NUMBER: Final = 72
# Paid so many hours ago: past both times, near them, put off.
_PAID_AGO: Final = (53, 41, 30)


def fill(*, at: datetime) -> None:
    """Fix by when the shop's open orders leave, and add what operators meet where it is not there yet."""
    if Delay.objects.exists():
        return
    single = Sku.objects.filter(enabled=True, product__on_sale=True, product__min_quantity=1)
    one_each = single.order_by("product_id", "id")
    skus = list(one_each.distinct("product_id")[:4])
    if len(skus) < 4:
        return
    ruling.save_promise(Promise(product=skus[3].product, hours=120))
    ruling.save_day(ShopDay(day=_new_year(shop_day(at)), note="元旦"))
    member = levels.shopper("邻居小满", number=_NUMBER, at=at)
    numbers = [
        past_orders.paid(member=member, sku_ids=[sku.pk], at=at - ago * _HOUR).order_no
        for sku, ago in zip(skus, _PAID_AGO, strict=False)
    ]
    for order_no in numbers:
        promising.fix(order_no=order_no, at=at)
    # Everything else that is paid and waits.
    promising.fix_missed(at=at)
    watching.end_missed(at=at)
    watching.warn_due(at=at)
    swapping.put_off(
        order_no=numbers[-1],
        reason=DelayReason.STOCK_OUT,
        note="茶园因雨推迟采摘，抱歉让您久等",
        ships_on=shop_day(at) + timedelta(days=5),
        offers=_others(numbers[-1]),
        operator=None,
        at=at,
    )


def _others(order_no: str) -> list[tuple[int, int]]:
    """Two SKUs that may be taken for the order's line: on the shelf, no cheaper, to be sent back as easily."""
    line = OrderLine.objects.get(order__order_no=order_no)
    rows = Sku.objects.filter(
        enabled=True,
        virtual=False,
        product__on_sale=True,
        product__returns=Returns.SEVEN_DAYS,
        price_fen__gte=line.unit_price_fen,
    ).exclude(pk=line.sku_id)
    cheapest = rows.order_by("price_fen", "id")[:20]
    free = stock_facts.available(cheapest.values_list("pk", flat=True))
    return [(line.pk, sku.pk) for sku in cheapest if free[sku.pk] >= line.quantity][:2]


def _new_year(today: date) -> date:
    return date(today.year + 1, 1, 1)
