"""The shop's day in figures: what came in today, and what waits for somebody. Reads from every room below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.base import counting
from apps.base.days import day_window, shop_day
from apps.base.models import JobRun
from apps.deadlines import selectors as deadline_facts
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.states import UploadStatus
from apps.inventory import selectors as stock_facts
from apps.orders import reach
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import DeliveryKind, Status
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from apps.payments import selectors as payment_facts
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Recharge

DAYS = 7
# WeChat wants what was paid to leave within 48 hours, unless the shop announced otherwise.
SHIP_WITHIN = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Day:
    """What was paid on one shop day: orders, and their amounts in fen."""

    day: date
    orders: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of each kind wait for an operator; ``overdue`` is the part of ``to_ship`` that WeChat takes for late.

    ``pressing`` are those of all that was promised that are due soon, or were.
    """

    to_ship: int
    overdue: int
    pressing: int
    unpaid: int
    low_stock: int
    sold_out: int
    failed_refunds: int
    owing: int
    failed_uploads: int
    dead_deliveries: int
    failing_jobs: int


def paid_by_day(*, at: datetime, days: int = DAYS, operator: Any = None) -> list[Day]:
    """Orders paid on each of the last ``days`` Shanghai days, today last: one query. Of those in the operator's reach."""
    today = shop_day(at)
    first = today - timedelta(days=days - 1)
    window = (day_window(first)[0], day_window(today)[1])
    rows = (
        reach.narrowed(Order.objects.all(), operator=operator)
        .filter(paid_at__gte=window[0], paid_at__lt=window[1])
        .order_by()
        .annotate(day=TruncDate("paid_at", tzinfo=ZoneInfo(settings.TIME_ZONE)))
        .values_list("day")
        .annotate(orders=Count("id"), paid_fen=Sum("payable_fen"))
    )
    found = {day: Day(day, orders, paid_fen) for day, orders, paid_fen in rows}
    return [
        found.get(day, Day(day, 0, 0)) for day in (first + timedelta(days=passed) for passed in range(days))
    ]


def recharged_today(*, at: datetime) -> Day:
    """What was paid in as stored value through WeChat on this Shanghai day: one query. ``orders`` counts recharges."""
    today = shop_day(at)
    start, end = day_window(today)
    paid = Recharge.objects.filter(paid_at__gte=start, paid_at__lt=end).order_by()
    found = paid.aggregate(count=Count("id"), paid_fen=Sum("principal_fen"))
    return Day(today, found["count"], found["paid_fen"] or 0)


def waiting_to_ship() -> QuerySet[Order]:
    """The orders that are paid and have not left."""
    return Order.objects.filter(order_facts.TO_SEND)


def waiting_for_rider() -> QuerySet[Order]:
    """The orders that are paid and wait for the shop's own rider."""
    return Order.objects.filter(status=Status.PAID, delivery__isnull=False, delivery__kind=DeliveryKind.CITY)


def waiting(*, at: datetime, operator: Any = None) -> Waiting:
    """What waits for an operator (``counting.some``), in ten queries; of orders, what is in their reach."""

    def within(rows: QuerySet[Any], of: str = "order") -> QuerySet[Any]:
        return reach.narrowed(rows, operator=operator, of=of)

    to_ship = within(waiting_to_ship(), of="")
    sold_out, low_stock = stock_facts.scarce()
    return Waiting(
        to_ship=counting.some(to_ship),
        overdue=counting.some(to_ship.filter(paid_at__lte=at - SHIP_WITHIN)),
        unpaid=counting.some(within(Order.objects.filter(status=Status.UNPAID), of="")),
        pressing=counting.some(within(deadline_facts.pressing(at=at))),
        low_stock=low_stock,
        sold_out=sold_out,
        failed_refunds=counting.some(within(payment_facts.stuck(), of="payment__order")),
        owing=wallet_facts.owing().count(),
        failed_uploads=counting.some(within(ShippingUpload.objects.filter(status=UploadStatus.FAILED))),
        dead_deliveries=counting.some(Delivery.objects.filter(status=DeliveryStatus.DEAD)),
        failing_jobs=JobRun.objects.exclude(error="").count(),
    )


def next_to_ship(*, count: int = 6, operator: Any = None) -> QuerySet[Order]:
    """The orders in the operator's reach that have waited longest to leave, with buyer and lines: two queries."""
    rows = reach.narrowed(waiting_to_ship(), operator=operator).select_related("member")
    return rows.prefetch_related("lines").order_by("paid_at", "id")[:count]
