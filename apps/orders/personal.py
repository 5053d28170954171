"""What orders hold of people: where parcels went and what the buyer wrote, for as long as the law asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Greatest

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.orders.models import (
    AddressChange,
    LineSwap,
    Order,
    OrderLine,
    OrderMove,
    OrderRefund,
    OrderRefundLine,
)
from apps.orders.states import Status

# 电子商务法 Art. 31: goods, payment and delivery of a transaction are kept for at least three years from its
# completion. 1,096 days are three years whatever leap day is among them.
TRADES_KEPT: Final = timedelta(days=1096)
# Where nobody paid there was no transaction: as long as a late payment or a question about it may come.
UNPAID_KEPT: Final = timedelta(days=90)
# What stays of an address: regions, for figures of sales and freight. Nobody is found by a district.
_STAYS: Final = ("province", "city", "district")
_GONE: Final = ("name", "phone", "detail", "postal_code")
_OPEN: Final = (Status.UNPAID, Status.RESERVED, Status.GATHERING, Status.PAID, Status.SHIPPED)
_BATCH: Final = 500
_TRADE = "电子商务法第三十一条：商品、支付与物流等交易信息自交易完成之日起保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Orders with their lines, history and refunds."""
    mine = {"order__member_id": person.member_id}
    orders = Order.objects.filter(member_id=person.member_id).order_by("id")
    lines = OrderLine.objects.filter(**mine).order_by("id")
    moves = OrderMove.objects.filter(**mine).order_by("id")
    changes = AddressChange.objects.filter(**mine).order_by("id")
    swaps = LineSwap.objects.filter(line__order__member_id=person.member_id).order_by("id")
    refunds = OrderRefund.objects.filter(**mine).order_by("id")
    parts = OrderRefundLine.objects.filter(refund__order__member_id=person.member_id).order_by("id")
    return {
        "订单": personal.table(
            orders, "order_no", "status", "goods_fen", "reduction_fen", "shipping_fen", "payable_fen",
            "balance_fen", "refunded_fen", "points_used", "gifts", "applied", "activity", "delivery", "packing",
            "address", "remark", "created_at", "paid_at", "shipped_at", "received_at", "closed_at",
        ),
        "订单商品": personal.table(
            lines, "title", "option_text", "quantity", "refunded", "unit_price_fen", "payable_fen", "is_gift",
            "is_packing", 订单号="order__order_no",
        ),
        "订单历史": personal.table(moves, "move", "to_status", "actor", "note", "at", 订单号="order__order_no"),
        "收货信息修改": personal.table(
            changes, "before", "after", "reason", "at", 订单号="order__order_no"
        ),
        "订单换货": personal.table(
            swaps, "was_title", "was_option_text", "at", 订单号="line__order__order_no", 换成="line__title"
        ),
        "售后退款": personal.table(
            refunds, "refund_no", "reason", "goods_fen", "shipping_fen", "wechat_fen", "balance_fen",
            "points_back", "points_taken", "at", 订单号="order__order_no",
        ),
        "售后退款商品": personal.table(
            parts, "units", "amount_fen", 售后退款单号="refund__refund_no", 商品="order_line__title"
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Empty the addresses of orders that nobody paid; those of trades are stored until their time is over."""
    unpaid = Order.objects.filter(member_id=person.member_id, status=Status.CLOSED)
    while _empty(unpaid, limit=_BATCH, at=at):
        pass


def still_open(person: Person) -> Sequence[Open]:
    """Orders on their way: unpaid, waiting to be sent, or not received."""
    numbers = _numbers(Order.objects.filter(member_id=person.member_id, status__in=_OPEN))
    return [Open(code="orders", text="还有未完成的订单", numbers=numbers)] if numbers else []


def forget_old(*, at: datetime, limit: int) -> int:
    """Empty the addresses of orders whose time is over, oldest first; return how many."""
    done = _empty(_unpaid_of_old(at=at), limit=limit, at=at)
    return done + _empty(_trades_of_old(at=at), limit=limit - done, at=at) if done < limit else done


def overdue(*, at: datetime) -> int:
    """How many addresses should be gone."""
    kept = {"address_erased_at": None}
    return _unpaid_of_old(at=at).filter(**kept).count() + _trades_of_old(at=at).filter(**kept).count()


def _unpaid_of_old(*, at: datetime) -> QuerySet[Order]:
    return Order.objects.filter(status=Status.CLOSED, closed_at__lte=at - UNPAID_KEPT).order_by("closed_at")


def _trades_of_old(*, at: datetime) -> QuerySet[Order]:
    """Orders whose last move, refund included, is three years ago. The day of placing keeps the search short."""
    before = at - TRADES_KEPT
    over = Order.objects.filter(created_at__lte=before, status__in=[Status.RECEIVED, Status.REFUNDED])
    last = Greatest(F("paid_at"), F("shipped_at"), F("received_at"), Max("refunds__at"))
    return over.annotate(completed_at=last).filter(completed_at__lte=before).order_by("created_at")


def _empty(orders: QuerySet[Order], *, limit: int, at: datetime) -> int:
    """Empty the addresses, remarks and written cards of so many of these orders which have them still; return how many."""
    due = list(orders.filter(address_erased_at=None).values_list("pk", flat=True)[:limit])
    with transaction.atomic():
        rows = list(Order.objects.select_for_update(no_key=True).filter(pk__in=due).order_by("pk"))
        for order in rows:
            order.address, order.remark, order.address_erased_at = _region(order.address), "", at
            order.packing = {**order.packing, "message": ""} if order.packing else None
        Order.objects.bulk_update(rows, ["address", "remark", "packing", "address_erased_at"])
        changes = list(AddressChange.objects.filter(order__in=rows))
        for change in changes:
            change.before, change.after = _region(change.before), _region(change.after)
            change.reason = ""
        AddressChange.objects.bulk_update(changes, ["before", "after", "reason"])
    return len(rows)


def _region(address: Mapping[str, Any]) -> dict[str, str]:
    """An address of the same form in which only the region is left; an order without one keeps none."""
    if not address:
        return {}
    return {**{part: str(address.get(part, "")) for part in _STAYS}, **dict.fromkeys(_GONE, "")}


def _numbers(orders: QuerySet[Order]) -> tuple[str, ...]:
    return tuple(orders.order_by("id").values_list("order_no", flat=True))


ROOM = Room(
    name="orders",
    holdings=(
        Holding(
            model="orders.Order",
            personal=("address", "remark", "packing"),
            # Frozen figures and the names of offers and gifts; price_warnings are about cost.
            plain=("gifts", "price_warnings", "applied", "declined", "activity", "delivery"),
            exported="订单",
            fate=Fate.STORED,
            kept=f"地址、留言与贺卡：交易完成后 {TRADES_KEPT.days} 天，未付款的订单关闭后 {UNPAID_KEPT.days} 天；"
            "其余为会计凭证的依据，长期",
            why=f"{_TRADE}；会计档案管理办法：会计凭证与账簿保存三十年",
        ),
        Holding(
            model="orders.OrderLine",
            plain=(
                "title",
                "option_text",
                "image",
                "reductions",
                "returns",
                "returns_text",
                "freight_insurance",
            ),
            exported="订单商品",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="orders.Reduction",
            plain=("kind", "key"),
            not_exported="订单的优惠逐条，订单的生效优惠已导出",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="orders.OrderMove",
            plain=("move", "from_status", "to_status", "actor", "note"),
            exported="订单历史",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="orders.AddressChange",
            personal=("before", "after", "reason"),
            exported="收货信息修改",
            fate=Fate.STORED,
            kept="与订单地址相同：交易完成后三年",
            why=_TRADE,
        ),
        Holding(
            model="orders.LineSwap",
            plain=("cause", "was_title", "was_option_text"),
            exported="订单换货",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="orders.OrderRefund",
            plain=("token", "reason", "coupons_spent"),
            exported="售后退款",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="orders.OrderRefundLine",
            exported="售后退款商品",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
    ),
    export=export,
    erase=erase,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
