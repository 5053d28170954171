"""The first page of the admin: the day in figures, each a door to the list behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.base import counting
from apps.base.days import day_window
from apps.desk import cockpit, setup_faults
from apps.desk.cockpit import Day, Waiting
from apps.orders.models import Order
from apps.orders.states import DeliveryKind, Status
from apps.stores.admin_bound import EVERYWHERE
from apps.wallet import selectors as wallet_facts
from mall.money import priced, yuan


class Card(NamedTuple):
    """A figure with the list it opens; ``needs`` is the permission to see that list, ``also_needs`` the figure."""

    title: str
    value: str
    note: str
    icon: str
    url: str
    needs: str
    alarming: bool = False
    also_needs: Sequence[str] = ()


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the context of ``admin/index.html``; what the operator may not list is not shown in figures either."""
    at = timezone.now()
    sees_orders = request.user.has_perm("orders.view_order")
    days = cockpit.paid_by_day(at=at, operator=request.user)
    return {
        **context,
        "title": "今日",
        "day": days[-1].day,
        "cards": _permitted(request, [*_takings(days), *_recharges(at=at)]),
        "tasks": _permitted(
            request, [*_tasks(cockpit.waiting(at=at, operator=request.user)), *_faults(setup_faults.found())]
        ),
        "chart": _chart(days) if sees_orders else None,
        "next_orders": _next_orders(cockpit.next_to_ship(operator=request.user)) if sees_orders else None,
    }


def _permitted(request: HttpRequest, cards: list[Card]) -> list[Card]:
    return [card for card in cards if request.user.has_perms([card.needs, *card.also_needs])]


def _takings(days: list[Day]) -> list[Card]:
    now, before = days[-1], days[-2]
    start, end = day_window(now.day)
    orders = _list("orders_order", urlencode({"paid_at__gte": start, "paid_at__lt": end}))
    return [
        Card(
            "今日支付金额",
            priced(now.paid_fen),
            f"昨日 {priced(before.paid_fen)}",
            "payments",
            orders,
            "orders.view_order",
        ),
        Card(
            "今日支付订单",
            f"{now.orders} 单",
            f"昨日 {before.orders} 单",
            "receipt_long",
            orders,
            "orders.view_order",
        ),
    ]


def _recharges(*, at: datetime) -> list[Card]:
    """What members paid in beforehand, where the shop takes stored value at all; no order's money is in it."""
    if not wallet_facts.enabled():
        return []
    now = cockpit.recharged_today(at=at)
    start, end = day_window(now.day)
    listed = _list("wallet_recharge", urlencode({"paid_at__gte": start, "paid_at__lt": end}))
    value = priced(now.paid_fen)
    return [Card("今日储值充值", value, f"{now.orders} 笔", "savings", listed, "wallet.view_recharge")]


def _tasks(waits: Waiting) -> list[Card]:
    def card(title: str, value: int, note: str, icon: str, url: str, needs: str, *, alarming: bool) -> Card:
        return Card(title, counting.told(value), note, icon, url, needs, alarming and value > 0)

    late = (
        f"其中 {counting.told(waits.overdue)} 单付款已超过 48 小时" if waits.overdue else "都在 48 小时之内"
    )
    order = "orders_order"
    return [
        card("待发货", waits.to_ship, late, "local_shipping",
             _list(order, f"status__exact={Status.PAID}&delivery_by={DeliveryKind.EXPRESS}"),
             "orders.view_order", alarming=bool(waits.overdue)),
        card("即将超时", waits.pressing, "先发这些，含已超时的", "alarm",
             _list("deadlines_deadline", "standing=pressing"), "deadlines.view_deadline", alarming=True),
        card("待付款", waits.unpaid, "到期自动关闭", "hourglass_top", _list(order, f"status__exact={Status.UNPAID}"),
             "orders.view_order", alarming=False),
        card("库存紧张", waits.low_stock, f"其中 {waits.sold_out} 个规格已售罄", "inventory_2",
             _list("catalog_sku", "scarcity=low"), "catalog.view_sku",
             alarming=waits.sold_out > 0)._replace(also_needs=("inventory.view_stock", EVERYWHERE)),
        card("退款失败", waits.failed_refunds, "需要人工处理", "currency_exchange",
             _list("payments_refund", "status__exact=FAILED"), "payments.view_refund", alarming=True),
        card("储值欠款", waits.owing, "商户平台退款时余额已用", "account_balance_wallet",
             _list("wallet_account", "owing=1"), "wallet.view_account", alarming=True),
        card("发货信息上传失败", waits.failed_uploads, "微信未收到发货信息", "cloud_off",
             _list("fulfillment_shippingupload", "status__exact=FAILED"), "fulfillment.view_shippingupload", alarming=True),
        card("事件停止投递", waits.dead_deliveries, "重试多次仍失败", "unsubscribe",
             _list("outbox_delivery", "status__exact=DEAD"), "outbox.view_delivery", alarming=True),
        card("定时任务出错", waits.failing_jobs, "最近一次运行失败", "schedule",
             _list("base_jobrun"), "base.view_jobrun", alarming=True),
    ]  # fmt: skip


def _faults(faults: setup_faults.Faults) -> list[Card]:
    """What is set up wrong, and only that: a card that says 0 would be noise."""
    template, product, promotion = "fulfillment_freighttemplate", "catalog_product", "promotions_promotion"
    cards = [
        ("商品无法配送", faults.without_freight, "没有运费模板，请设置默认模板", "local_shipping", template),
        ("运费地区有误", len(faults.freight_regions), _first(faults.freight_regions), "wrong_location", template),
        ("促销地区有误", len(faults.promotion_regions), _first(faults.promotion_regions), "wrong_location", promotion),
        ("规格重量为 0", len(faults.weightless), "按重量计费，只收首费", "weight", product),
    ]  # fmt: skip
    return [
        Card(title, str(count), note, icon, _list(page), page.replace("_", ".view_"), True, (EVERYWHERE,))
        for title, count, note, icon, page in cards
        if count
    ]


def _first(unclear: list[tuple[str, str]]) -> str:
    return f"「{unclear[0][0]}」：{unclear[0][1]}" if unclear else ""


def _list(name: str, query: str = "") -> str:
    url = reverse(f"admin:{name}_changelist")
    return f"{url}?{query}" if query else url


def _chart(days: list[Day]) -> str:
    """The days as a bar chart in yuan; amounts travel as text, which the chart reads as numbers."""
    return json.dumps(
        {
            "labels": [f"{day.day.month} 月 {day.day.day} 日" for day in days],
            "datasets": [
                {
                    "label": "支付金额（元）",
                    "data": [yuan(day.paid_fen) for day in days],
                    "backgroundColor": "var(--color-primary-600)",
                    "maxBarThickness": 36,
                }
            ],
        },
        ensure_ascii=False,
    )


def _next_orders(waits: Any) -> list[dict[str, Any]]:
    def shown(order: Order) -> dict[str, Any]:
        return {
            "url": reverse("admin:orders_order_change", args=[order.pk]),
            "order_no": order.order_no,
            "buyer": str(order.member),
            "goods": "；".join(str(line) for line in order.lines.all()),
            "payable": priced(order.payable_fen),
            "paid_at": order.paid_at,
        }

    return [shown(order) for order in waits]
